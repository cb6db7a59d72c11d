from . import test_beside_oca
