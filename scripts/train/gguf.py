"""A GGUF version 3 writer and reader for what this project needs, byte for byte deterministic."""
import struct

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
F32, F16, Q8_0, TQ2_0, Q1_0 = 0, 1, 8, 35, 41  # ggml tensor types
FILE_TYPE = {F16: 1, TQ2_0: 37, Q1_0: 40}  # llama.cpp's general.file_type of what most weights are


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def scalar(value):
    """(type, bytes); bool before int, because a Python bool is an int."""
    if isinstance(value, bool):
        return BOOL, struct.pack("<B", value)
    if isinstance(value, int):
        return UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    if isinstance(value, str):
        return STRING, text(value)
    raise TypeError(f"GGUF has no type here for {value!r}")


def entry(key, value) -> bytes:
    if isinstance(value, list):
        kind = STRING if isinstance(value[0], str) else INT32
        items = b"".join(text(item) if kind == STRING else struct.pack("<i", item) for item in value)
        return text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + items
    kind, data = scalar(value)
    return text(key) + struct.pack("<I", kind) + data


def padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def write(metadata: dict, tensors: list) -> bytes:
    """`tensors` is [(name, shape as numpy has it, ggml type, data)]; GGUF lists dimensions reversed."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    head += b"".join(entry(key, value) for key, value in metadata.items())
    offset, body = 0, []
    for name, shape, kind, data in tensors:
        dims = list(reversed(shape))
        head += text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims) + struct.pack("<IQ", kind, offset)
        body.append(padded(data))
        offset += len(body[-1])
    return padded(head) + b"".join(body)


class Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 4
        assert data[:4] == b"GGUF", "not a GGUF file"
        version, count, entries = self.take("<IQQ")
        assert version == 3, f"GGUF version {version}, expected 3"
        self.metadata = {}
        for _ in range(entries):
            key = self.string()
            self.metadata[key] = self.value(self.take("<I")[0])
        infos = [self.info() for _ in range(count)]
        start = self.at + -self.at % ALIGNMENT
        ends = [offset for *_, offset in infos[1:]] + [len(data) - start]
        self.tensors = {name: (shape, kind, data[start + offset:start + end]) for (name, shape, kind, offset), end in zip(infos, ends)}

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def string(self):
        length = self.take("<Q")[0]
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, length = self.take("<IQ")
            return [self.value(inner) for _ in range(length)]
        return self.take({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind])[0]

    def info(self):
        name = self.string()
        dims = self.take(f"<{self.take('<I')[0]}Q")
        kind, offset = self.take("<IQ")
        return name, tuple(reversed(dims)), kind, offset
