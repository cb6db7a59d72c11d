from . import test_beside_oca, test_files_beside_oca
