# SPDX-License-Identifier: MIT
# The extension. Its names and types are those of _noop.py, which takes its place where it cannot be loaded.
from ._noop import Cache as Cache
from ._noop import Generation as Generation
from ._noop import Model as Model
from ._noop import Profiler as Profiler
from ._noop import Section as Section
from ._noop import SectionFigures as SectionFigures
from ._noop import all_sections as all_sections
from ._noop import attached as attached
