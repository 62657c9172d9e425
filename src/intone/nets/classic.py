"""Classic estimators: scikit-learn fits them, and they serve as any other net.

A net with `solve` is not trained by the loop: it is given all training windows at once.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from intone.errors import DataError
from intone.tasks import Task

ABSENT = -30.0  # the logit of a label that the training part does not hold
FOLDS = 5

Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]


class _Solved(nn.Module):
    """A net that scikit-learn fits."""

    fewest: ClassVar[int] = 1
    """how many windows of a label it can be fitted to"""

    def require(self, targets: NDArray[np.int64]) -> int:
        """Count the windows of the rarest label among those `[W]` to fit to.

        Raises:
            DataError: it is the only label, or there are too few.
        """
        _, counts = np.unique(targets, return_counts=True)
        name, rarest = type(self).__name__, int(counts.min())
        if len(counts) < 2:
            raise DataError(
                f"{name} learns to tell labels apart, and a training part holds one alone; "
                "give clips of each emotion from two speakers or more"
            )
        if rarest < self.fewest:
            raise DataError(
                f"{name} needs {self.fewest} windows or more of each label, and a training part "
                f"holds {rarest} of one; give more clips of each emotion"
            )
        return rarest


class MLPClassifier(_Solved):
    """Report C, row C2: scikit-learn's `MLPClassifier` on pooled features, one hidden layer.

    Reads `vector [B, D]`, in the report the means of 40 MFCC, 12 chroma and 128 mel bands, and
    returns logits `[B, classes]`. 57,611 parameters at 180 values and 11 classes.
    """

    def __init__(
        self,
        *,
        classes: int,
        vector_shape: tuple[int],
        hidden: Count = 300,
        solver: Literal["adam", "sgd"] = "adam",
        epochs: Count = 200,
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(vector_shape[0], hidden)
        self.head = nn.Linear(hidden, classes)
        self.solver = solver
        self.epochs = epochs

    def forward(self, vector: Tensor) -> Tensor:
        """`[B, D] -> [B, classes]`."""
        return self.head(self.hidden(vector).relu())  # type: ignore[no-any-return]

    def solve(self, vector: NDArray[np.float32], targets: NDArray[np.int64], seed: int) -> None:
        """Fit to all training windows `[W, D]` and their labels `[W]`."""
        from sklearn.neural_network import MLPClassifier as Estimator

        self.require(targets)
        estimator = Estimator(
            (self.hidden.out_features,),
            solver=self.solver,
            max_iter=self.epochs,
            n_iter_no_change=self.epochs,  # all epochs: it says nothing of not converging
            random_state=seed,
        )
        try:
            estimator.fit(vector, targets)
        except ValueError as error:  # its weights have grown beyond all bounds
            raise DataError(f"MLPClassifier diverged ({error}); see inputs.vector.scale") from None
        _set(self.hidden, estimator.coefs_[0].T, estimator.intercepts_[0])
        weight, bias = estimator.coefs_[1].T, estimator.intercepts_[1]
        if len(weight) == 1:  # two labels share one logistic output
            weight, bias = _of_two(weight / 2, bias / 2)
        _set(self.head, *_spread(weight, bias, estimator.classes_, self.head.out_features))


class _Linear(_Solved):
    """One linear layer, `[B, D] -> [B, classes]`."""

    def __init__(self, *, classes: int, vector_shape: tuple[int]) -> None:
        super().__init__()
        self.head = nn.Linear(vector_shape[0], classes)

    def forward(self, vector: Tensor) -> Tensor:
        """`[B, D] -> [B, classes]`."""
        return self.head(vector)  # type: ignore[no-any-return]


class LinearSVM(_Linear):
    """A linear support vector machine with sigmoid calibration: the baseline of every table.

    Reads `vector [B, D]` and returns logits `[B, classes]`, each label against all others, whose
    sigmoids are the calibrated probabilities. Five-fold calibration as in Platt (1999), of as many
    folds as the rarest label has windows where these are fewer.
    """

    task: ClassVar[Task] = "label by label"
    fewest = 2

    def __init__(self, *, classes: int, vector_shape: tuple[int], c: Positive = 0.01) -> None:
        super().__init__(classes=classes, vector_shape=vector_shape)
        self.c = c

    def solve(self, vector: NDArray[np.float32], targets: NDArray[np.int64], seed: int) -> None:
        """Fit to all training windows `[W, D]` and their labels `[W]`."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.svm import LinearSVC

        folds = min(FOLDS, self.require(targets))
        machine = LinearSVC(C=self.c, class_weight="balanced", random_state=seed)
        estimator = CalibratedClassifierCV(machine, ensemble=False, cv=folds).fit(vector, targets)
        [fitted] = estimator.calibrated_classifiers_
        weight, bias = fitted.estimator.coef_, fitted.estimator.intercept_
        # scikit-learn's sigmoid is 1 / (1 + exp(a f + b)), of one output where labels are two
        slopes = -np.array([one.a_ for one in fitted.calibrators])
        offsets = -np.array([one.b_ for one in fitted.calibrators])
        weight, bias = slopes[:, None] * weight, slopes * bias + offsets
        if len(weight) == 1:
            weight, bias = _of_two(weight, bias)
        _set(self.head, *_spread(weight, bias, estimator.classes_, self.head.out_features))


class LogisticRegression(_Linear):
    """Multinomial logistic regression with L2, of which C is the inverse strength.

    Reads `vector [B, D]` and returns logits `[B, classes]`.
    """

    def __init__(self, *, classes: int, vector_shape: tuple[int], c: Positive = 1.0) -> None:
        super().__init__(classes=classes, vector_shape=vector_shape)
        self.c = c

    def solve(self, vector: NDArray[np.float32], targets: NDArray[np.int64], seed: int) -> None:
        """Fit to all training windows `[W, D]` and their labels `[W]`."""
        from sklearn.linear_model import LogisticRegression as Estimator

        self.require(targets)
        estimator = Estimator(C=self.c, max_iter=1000).fit(vector, targets)
        weight, bias = estimator.coef_, estimator.intercept_
        if len(weight) == 1:  # two labels share one logistic output
            weight, bias = _of_two(weight / 2, bias / 2)
        _set(self.head, *_spread(weight, bias, estimator.classes_, self.head.out_features))


class Ridge(_Linear):
    """Linear least squares on labels, with a penalty: the probe of pre-trained encoders.

    Reads `vector [B, D]` and returns logits `[B, classes]`. `penalty` is that of the squared
    weights, over D. The logits are the fitted scores over a temperature, which makes the softmax
    fit five folds of the training windows, or as many as the rarest label has windows.
    """

    fewest = 2

    def __init__(self, *, classes: int, vector_shape: tuple[int], penalty: Positive = 0.6) -> None:
        super().__init__(classes=classes, vector_shape=vector_shape)
        self.penalty = penalty

    def solve(self, vector: NDArray[np.float32], targets: NDArray[np.int64], seed: int) -> None:
        """Fit to all training windows `[W, D]` and their labels `[W]`."""
        from scipy.optimize import minimize_scalar
        from scipy.special import logsumexp
        from sklearn.linear_model import Ridge as Estimator
        from sklearn.model_selection import StratifiedKFold, cross_val_predict

        count = min(FOLDS, self.require(targets))
        present, places = np.unique(targets, return_inverse=True)
        labels = np.eye(len(present), dtype=np.float32)[places]
        estimator = Estimator(self.penalty * vector.shape[1], solver="cholesky")
        folds = StratifiedKFold(count, shuffle=True, random_state=seed).split(vector, targets)
        held_out = cross_val_predict(estimator, vector, labels, cv=folds)

        def cross_entropy(scale: float) -> float:
            scores = scale * held_out
            return float(np.mean(logsumexp(scores, axis=1) - scores[labels > 0]))

        scale = minimize_scalar(cross_entropy, bounds=(0.1, 100), method="bounded").x
        estimator.fit(vector, labels)
        weight, bias = scale * estimator.coef_, scale * estimator.intercept_
        _set(self.head, *_spread(weight, bias, present, self.head.out_features))


def _set(layer: nn.Linear, weight: NDArray[np.floating], bias: NDArray[np.floating]) -> None:
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.asarray(weight, np.float32)))
        layer.bias.copy_(torch.from_numpy(np.asarray(bias, np.float32)))


def _of_two(
    weight: NDArray[np.floating], bias: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The one row that tells the second of two labels from the first, as a row for each."""
    return np.stack([-weight[0], weight[0]]), np.array([-bias[0], bias[0]])


def _spread(
    weight: NDArray[np.floating],
    bias: NDArray[np.floating],
    present: NDArray[np.int64],
    classes: int,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Rows for the labels that were present, as rows for all labels."""
    whole, biases = np.zeros((classes, weight.shape[1])), np.full(classes, ABSENT)
    whole[present], biases[present] = weight, bias
    return whole, biases
