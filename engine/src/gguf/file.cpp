#include "file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../base/error.h"
#include "split.h"

namespace aria {
namespace {

[[noreturn]] void fail(const std::string& path, const char* action) {
  const int number = errno;
  throw Error(number == ENOENT ? "not_found" : "io",
              "Could not " + std::string(action) + " " + path + ": " + std::strerror(number) + ".");
}

struct Descriptor {
  int fd;
  ~Descriptor() { close(fd); }
};

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, "open");
  const Descriptor descriptor{fd};
  struct stat status;
  if (fstat(fd, &status) != 0) fail(path, "inspect");
  if (!S_ISREG(status.st_mode)) throw Error("not_found", path + " is not a file.");
  if (status.st_size == 0) throw Error("bad_gguf", path + " is empty.");
  size_ = size_t(status.st_size);
  void* mapping = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapping == MAP_FAILED) fail(path, "map");
  data_ = static_cast<const char*>(mapping);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<char*>(data_), size_);
}

void MappedFile::release(std::string_view bytes) const {
  if (bytes.data() < data_ || bytes.data() + bytes.size() > data_ + size_) return;
  const size_t page = size_t(sysconf(_SC_PAGESIZE)), begin = size_t(bytes.data() - data_) / page * page;
  const size_t end = size_t(bytes.data() - data_) + bytes.size();
  madvise(const_cast<char*>(data_) + begin, end - begin, MADV_DONTNEED);  // a hint: failing costs memory only
}

namespace {

Gguf read_part(const MappedFile& file, const std::string& path) {
  try {
    return read_gguf(file.bytes());
  } catch (const Error& error) {
    throw Error(error.code, path + ": " + error.what());
  }
}

std::unique_ptr<MappedFile> map_part(const std::string& path, size_t part, size_t count) {
  try {
    return std::make_unique<MappedFile>(path);
  } catch (const Error& error) {
    throw Error(error.code, "Part " + std::to_string(part + 1) + " of " + std::to_string(count) +
                                " of the model: " + error.what());
  }
}

}  // namespace

ModelFile::ModelFile(const std::string& path) : paths_{path} {
  files_.push_back(std::make_unique<MappedFile>(path));
  gguf_ = read_gguf(files_[0]->bytes());
  const size_t count = count_parts(gguf_);
  if (count == 1) return;
  paths_ = name_parts(gguf_, path, count);
  std::vector<Gguf> parts;
  parts.push_back(std::move(gguf_));
  for (size_t part = 1; part < count; part++) {
    files_.push_back(map_part(paths_[part], part, count));
    parts.push_back(read_part(*files_[part], paths_[part]));
  }
  gguf_ = join_parts(std::move(parts), paths_);
}

uint64_t ModelFile::bytes() const {
  uint64_t total = 0;
  for (const auto& file : files_) total += file->bytes().size();
  return total;
}

void ModelFile::release(std::string_view bytes) const {
  for (const auto& file : files_) file->release(bytes);
}

}  // namespace aria
