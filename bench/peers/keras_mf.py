"""The first founding notebook's model as it stands there: dot product of 100-d embeddings, Adam, batches of 1,024, MSE.

usage: keras_mf.py FOLDER EPOCHS [STEPS]   FOLDER holds {train,test}_{user,item}.npy i32 and {train,test}_rating.npy f32;
with STEPS only so many batches of an epoch are trained, to time it.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers

folder, epochs = Path(sys.argv[1]), int(sys.argv[2])
train, test = ([np.load(folder / f"{part}_{name}.npy") for name in ("user", "item", "rating")] for part in ("train", "test"))
users, items = (int(max(train[k].max(), test[k].max())) + 1 for k in (0, 1))
if len(sys.argv) > 3:
    train = [column[: 1024 * int(sys.argv[3])] for column in train]

keras.utils.set_random_seed(0)
user, item = layers.Input((1,)), layers.Input((1,))
vectors = [layers.Reshape((100,))(layers.Embedding(n, 100)(rows)) for n, rows in ((users, user), (items, item))]
model = keras.Model([user, item], layers.Dot(1)(vectors))
model.compile(loss="mse", optimizer="adam")
start = time.perf_counter()
model.fit(train[:2], train[2], batch_size=1024, epochs=epochs, shuffle=True, verbose=0)
seconds = time.perf_counter() - start
predicted = model.predict(test[:2], batch_size=8192, verbose=0).ravel().clip(1, 10)
rmse = float(np.sqrt(np.mean((predicted - test[2]) ** 2)))
print(json.dumps({"seconds": seconds, "rows_per_s": len(train[2]) * epochs / seconds, "rmse": rmse}))
