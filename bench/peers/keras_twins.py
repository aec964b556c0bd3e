"""The founding notebooks' models in Keras, as they are configured there, on given arrays.

usage: keras_twins.py FOLDER TWIN… [--epochs N] [--steps N]

FOLDER holds {train,test}_{user,item}.npy i32, {train,test}_rating.npy f32 (NaN = none) and {train,test}_label.npy i8 (1 liked,
0 not, −1 neither); for the towers also user_features.npy and item_features.npy f32, a row for each user and item. A twin learns
from the rows that have what it predicts. Prints a line of JSON for each: twin, epochs, seconds of fit, rows_per_s; leaves what
it predicts of all test rows in TWIN_rating.npy and TWIN_interaction.npy, f32.

--epochs takes the place of the notebook's; --steps trains only so many batches of an epoch, to time it. The step is compiled
before the clock starts, nothing is validated, and the penalty of 1e-8 in notebook 3 is left out, which would only slow it down.
"""

import argparse
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from keras import layers

logging.getLogger("tensorflow").setLevel(logging.ERROR)

LOSS = {"rating": "mse", "interaction": "binary_crossentropy"}
WEIGHT = {"rating": 1.0, "interaction": 5.0}  # of notebook 2, where a model has both tasks
GLOROT = "glorot_normal"

Tensors = dict[str, Any]
Network = Callable[[Any, Any, int, int], Tensors]


@dataclass(frozen=True)
class Twin:
    """network(user, item, users, items) gives a tensor for each task; its inputs are rows, or features with `features`."""

    network: Network
    epochs: int
    batch: int = 1024
    rate: float = 0.001  # of Adam
    features: bool = False  # standardised features in, and ratings out between −1 and 1


class Bias(layers.Layer):
    """x + b."""

    def build(self, shape: Any) -> None:
        self.bias = self.add_weight(shape=(1,), initializer="zeros")

    def call(self, x: Any) -> Any:
        return x + self.bias


def vectors(rows: Any, n: int, width: int, first: str = "uniform") -> Any:
    return layers.Flatten()(layers.Embedding(n, width, embeddings_initializer=first)(rows))


def dot(width: int, first: str, biases: bool = False) -> Network:
    def network(user: Any, item: Any, users: int, items: int) -> Tensors:
        product = layers.Dot(1)([vectors(user, users, width, first), vectors(item, items, width, first)])
        if biases:
            product = layers.Add()([product, vectors(user, users, 1), vectors(item, items, 1)])
        return {"rating": product}

    return network


def biases_inside(task: str, activation: str) -> Network:
    """(e_u + b_u)·(e_i + b_i) + b with dropout."""

    def network(user: Any, item: Any, users: int, items: int) -> Tensors:
        sides = [vectors(rows, n, 64) + vectors(rows, n, 1) for rows, n in ((user, users), (item, items))]
        product = layers.Dot(1)([layers.Dropout(0.5)(side) for side in sides])
        return {task: layers.Activation(activation)(Bias()(product))}

    return network


def hidden_layer(**activations: str) -> Network:
    """64-d vectors with dropout, concatenated, 64 hidden units, an output for each task."""

    def network(user: Any, item: Any, users: int, items: int) -> Tensors:
        sides = [layers.Dropout(0.5)(vectors(rows, n, 64)) for rows, n in ((user, users), (item, items))]
        hidden = layers.Dense(64, activation="relu")(layers.Concatenate()(sides))
        return {task: layers.Dense(1, activation=activation)(hidden) for task, activation in activations.items()}

    return network


def dropped_hidden_layer(user: Any, item: Any, users: int, items: int) -> Tensors:
    """128-d vectors, concatenated, 100 hidden units with dropout."""
    both = layers.Concatenate()([vectors(user, users, 128, GLOROT), vectors(item, items, 128, GLOROT)])
    return {"rating": layers.Dense(1)(layers.Dropout(0.5)(layers.Dense(100, activation="relu")(both)))}


def towers(user: Any, item: Any, users: int, items: int) -> Tensors:
    """Two of 256, 128 and 32 units over features; the cosine of what they say."""

    def tower(features: Any) -> Any:
        wide = layers.Dense(128, activation="relu")(layers.Dense(256, activation="relu")(features))
        return layers.UnitNormalization(axis=1)(layers.Dense(32)(wide))

    return {"rating": layers.Dot(1)([tower(user), tower(item)])}


TWINS = {
    "notebook1-dot": Twin(dot(100, "uniform"), epochs=5),
    "notebook2-mf": Twin(biases_inside("rating", "linear"), epochs=10),
    "notebook2-mf-interaction": Twin(biases_inside("interaction", "sigmoid"), epochs=10),
    "notebook2-nn": Twin(hidden_layer(rating="relu"), epochs=10),
    "notebook2-nn-interaction": Twin(hidden_layer(interaction="sigmoid"), epochs=10),
    "notebook2-hybrid": Twin(hidden_layer(rating="relu", interaction="sigmoid"), epochs=10),
    "notebook3-dot": Twin(dot(128, GLOROT), epochs=10, batch=64),
    "notebook3-bias": Twin(dot(128, GLOROT, biases=True), epochs=5, batch=64),
    "notebook3-nn": Twin(dropped_hidden_layer, epochs=5, batch=64),
    "notebook4-towers": Twin(towers, epochs=10, batch=256, rate=0.01, features=True),
}


def compiled(twin: Twin, inputs: list[Any]) -> keras.Model:
    """The network over inputs shaped like these two arrays of all users and all items."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    user, item = (layers.Input(array.shape[1:]) for array in inputs)
    outputs = twin.network(user, item, *map(len, inputs))
    model = keras.Model([user, item], outputs)
    weights = WEIGHT if len(outputs) > 1 else None
    model.compile(keras.optimizers.Adam(twin.rate), {task: LOSS[task] for task in outputs}, loss_weights=weights)
    return model


def warm(model: keras.Model, first: dict[str, Any], batch: int) -> None:
    """Compile the training step on these first rows, and leave the model as it was."""
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    model.fit(**first, batch_size=batch, verbose=0)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)


def run(name: str, folder: Path, epochs: int | None, steps: int | None) -> dict[str, Any]:
    """Train a twin, predict the test rows; what it took."""
    twin = TWINS[name]
    train, test = (
        {column: np.load(folder / f"{part}_{column}.npy") for column in ("user", "item", "rating", "label")}
        for part in ("train", "test")
    )
    sides = ("user", "item")
    if twin.features:
        tables = [standardised(np.load(folder / f"{side}_features.npy"), train[side]) for side in sides]
    else:
        sizes = [max(train[side].max(), test[side].max()) + 1 for side in sides]
        tables = [np.arange(size, dtype=np.int32)[:, None] for size in sizes]
    model = compiled(twin, tables)
    has = {"rating": ~np.isnan(train["rating"]), "interaction": train["label"] >= 0}
    used = np.flatnonzero(np.any([has[task] for task in model.output], axis=0))
    used = used[: twin.batch * steps if steps else None]
    low, high = np.nanmin(train["rating"]), np.nanmax(train["rating"])
    truth = {"rating": np.nan_to_num(train["rating"]), "interaction": (train["label"] == 1).astype(np.float32)}
    if twin.features:
        truth["rating"] = (truth["rating"] - low) / (high - low) * 2 - 1
    rows = {"x": [table[train[side][used]] for side, table in zip(sides, tables, strict=True)]}
    rows["y"] = {task: truth[task][used] for task in model.output}
    if not all(has[task][used].all() for task in model.output):  # where a row lacks one of two tasks, that loss has no weight
        rows["sample_weight"] = {task: has[task][used].astype(np.float32) for task in model.output}
    warm(model, keras.tree.map_structure(lambda column: column[: twin.batch + 1], rows), twin.batch)
    epochs = epochs or twin.epochs
    start = time.perf_counter()
    model.fit(**rows, batch_size=twin.batch, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - start
    asked = [table[test[side]] for side, table in zip(sides, tables, strict=True)]
    for task, predicted in model.predict(asked, batch_size=8192, verbose=0).items():
        scaled = twin.features and task == "rating"
        np.save(
            folder / f"{name}_{task}.npy", (predicted.ravel() + 1) / 2 * (high - low) + low if scaled else predicted.ravel()
        )
    return {"twin": name, "epochs": epochs, "seconds": seconds, "rows_per_s": len(used) * epochs / seconds}


def standardised(features: Any, rows: Any) -> Any:
    """Mean 0 and deviation 1 over these rows."""
    count = np.bincount(rows, minlength=len(features)) / len(rows)
    mean = count @ features
    deviation = np.sqrt(count @ (features - mean) ** 2)
    return ((features - mean) / np.maximum(deviation, 1e-6)).astype(np.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("twins", nargs="+", choices=TWINS)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    for name in arguments.twins:
        print(json.dumps(run(name, arguments.folder, arguments.epochs, arguments.steps)), flush=True)
