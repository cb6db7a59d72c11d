# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the person who runs the server may set for this addon.

Each option is read from the environment (``QONTO_PSD2_SYNC_<OPTION>``), else from the section
``[qonto_psd2_sync]`` of the server's configuration file. The addon reads that section itself:
Odoo warns of options it does not know in its main section, and skips other sections.

========== =======================================================================================
option     meaning
========== =======================================================================================
key        one or several encryption keys, comma separated, newest first (see ``vault``)
api_url    address of the API for applications of the environment *own addresses*
oauth_url  address of the OAuth host for the same
file_hosts further hosts from which statements and receipts are downloaded, comma separated, with port if need be;
           known are the API's own and the one where Qonto keeps files (``qonto_api.const.FILE_HOSTS``)
========== =======================================================================================
"""

import configparser
import os

from odoo.tools import config

SECTION = "qonto_psd2_sync"


def server_option(name: str) -> str:
    """Return the text of one option, or an empty text when nobody set it.

    :param str name: the option's name, in lower case
    :rtype: str
    """
    from_environment = os.environ.get(f"{SECTION}_{name}".upper(), "").strip()
    if from_environment:
        return from_environment
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(config["config"])
        return parser.get(SECTION, name, fallback="").strip()
    except (configparser.Error, OSError, UnicodeDecodeError):
        return ""


def option_source(name: str) -> str:
    """Tell where :func:`server_option` found its answer: ``environment``, ``file`` or ````."""
    if os.environ.get(f"{SECTION}_{name}".upper(), "").strip():
        return "environment"
    return "file" if server_option(name) else ""
