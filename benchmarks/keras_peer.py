"""Nets A1, B3 and D1 in Keras on TensorFlow: the peer of `benchmarks/training.py`.

Runs in an environment of its own (`pip install tensorflow-cpu`); it is no dependency of Intone.

    python benchmarks/keras_peer.py A1 float32 --threads 1

Prints the clips per CPU second and per second of a training step on random input.
"""

import argparse
import os
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("net", choices=["A1", "B3", "D1"])
parser.add_argument("policy", choices=["float32", "mixed_bfloat16"])
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--steps", type=int, default=12)
options = parser.parse_args()
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf
from keras import layers

tf.config.threading.set_intra_op_parallelism_threads(options.threads)
tf.config.threading.set_inter_op_parallelism_threads(1)
keras.mixed_precision.set_global_policy(options.policy)
keras.utils.set_random_seed(0)


def block(x, channels, kernel, pool, activation, dropout=0.0, padding="same"):
    """Convolution, batch norm, activation, max-pool, dropout."""
    x = layers.Conv2D(channels, kernel, padding=padding)(x)
    x = layers.Activation(activation)(layers.BatchNormalization()(x))
    return layers.Dropout(dropout)(layers.MaxPooling2D(pool, padding=padding)(x))


def a1(x):
    for channels in (128, 256, 256):
        x = block(x, channels, 5, 2, "elu", padding="valid")
    _, rows, frames, channels = x.shape
    return layers.LSTM(48)(layers.Reshape((rows, frames * channels))(x))


def b3(x):
    heard = []
    for _ in range(2):
        image = x
        for channels, pool in ((16, 2), (32, 4), (64, 4)):
            image = layers.Conv2D(channels, 3, padding="same")(image)
            image = layers.ReLU()(layers.BatchNormalization()(image))
            image = layers.Dropout(0.3)(layers.MaxPooling2D(pool)(image))
        heard.append(layers.Flatten()(image))
    steps = layers.Permute((2, 1))(layers.Reshape(x.shape[1:3])(x))
    for _ in range(4):
        attended = layers.MultiHeadAttention(4, 32, dropout=0.4)(steps, steps)
        steps = layers.LayerNormalization()(steps + layers.Dropout(0.4)(attended))
        wide = layers.Dense(128)(layers.Dropout(0.4)(layers.Dense(512, activation="relu")(steps)))
        steps = layers.LayerNormalization()(steps + layers.Dropout(0.4)(wide))
    return layers.Concatenate()([*heard, layers.GlobalAveragePooling1D()(steps)])


def d1(x):
    for channels, pool, dropout in ((64, 2, 0.3), (64, 4, 0.3), (128, 4, 0.4), (128, 4, 0.4)):
        x = block(x, channels, 3, pool, "elu", dropout)
    x = layers.Dropout(0.5)(layers.Dense(64)(layers.Flatten()(x)))
    return layers.Dropout(0.5)(layers.ReLU()(layers.BatchNormalization()(x)))


shape, body, classes = {
    "A1": ((128, 251), a1, 7),
    "B3": ((128, 94), b3, 7),
    "D1": ((60, 216), d1, 8),
}[options.net]
given = keras.Input((*shape, 1))
answer = layers.Dense(classes, activation="softmax", dtype="float32")(body(given))
model = keras.Model(given, answer)
model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", jit_compile=False)
frames = tf.constant(np.random.default_rng(0).normal(size=(options.batch, *shape, 1)), tf.float32)
targets = tf.constant(np.arange(options.batch) % classes)
for step in range(options.steps + 3):
    if step == 3:
        wall, cpu = time.perf_counter(), time.process_time()
    model.train_on_batch(frames, targets)
clips = options.batch * options.steps
print(
    clips / (time.process_time() - cpu), clips / (time.perf_counter() - wall), model.count_params()
)
