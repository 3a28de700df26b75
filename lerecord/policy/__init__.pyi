from .chunk_queue import ChunkQueue as ChunkQueue
from .chunk_queue import ChunkRequest as ChunkRequest
from .chunk_queue import QueueCounts as QueueCounts
from .chunk_queue import QueueSettings as QueueSettings
from .chunk_queue import QueueState as QueueState
from .link import Answer as Answer
from .link import Lost as Lost
from .link import PolicyLink as PolicyLink
