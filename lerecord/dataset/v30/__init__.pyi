from . import files as files
from .exporter import Exporting as Exporting
from .exporter import export_v30 as export_v30
from .files import CODEBASE_VERSION as CODEBASE_VERSION
from .importer import Importing as Importing
from .importer import import_v30 as import_v30
from .quantiles import SHARES as SHARES
