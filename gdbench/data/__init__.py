"""The data room: an embedded subset of Fashion-MNIST, and the finders and the download of the full set.

``load_fashion_mnist()`` works without a network; ``as_rows`` turns its bytes into a problem's features
and targets. Another data set is one more file beside ``fashion_mnist.py``, and one more line in
``LOADERS`` and ``FETCHERS``, through which the command line knows data sets by name.
"""

from gdbench.data.fashion_mnist import data_status, fetch_fashion_mnist, load_fashion_mnist
from gdbench.data.images import Images, as_rows

LOADERS = {"fashion-mnist": load_fashion_mnist}
FETCHERS = {"fashion-mnist": fetch_fashion_mnist}

__all__ = ["FETCHERS", "LOADERS", "Images", "as_rows", "data_status", "fetch_fashion_mnist", "load_fashion_mnist"]
