"""The definition of each kernel in plain NumPy, slow and easy to check; tests compare the kernels with it."""
