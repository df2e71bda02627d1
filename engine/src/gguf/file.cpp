#include "file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../base/error.h"

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

}  // namespace aria
