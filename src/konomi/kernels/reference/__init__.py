"""What each kernel means, in plain NumPy, a file for each: the tests hold the kernels to these."""
