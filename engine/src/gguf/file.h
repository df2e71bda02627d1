#pragma once
// A model on disk: its file, or all files of a split model, mapped read-only, and what they say.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reader.h"

namespace aria {

// A read-only mapping of a whole file.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;

  std::string_view bytes() const { return {data_, size_}; }

  // Gives back the memory under these bytes, if they are the file's; reading them again reads the disk again.
  void release(std::string_view bytes) const;

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

class ModelFile {
 public:
  // `path` is the file, or the first file of a split model. @throws `not_found`, `io`, `bad_gguf`.
  explicit ModelFile(const std::string& path);

  const Gguf& gguf() const { return gguf_; }
  const std::vector<std::string>& paths() const { return paths_; }
  uint64_t bytes() const;
  void release(std::string_view bytes) const;

 private:
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<MappedFile>> files_;
  Gguf gguf_;  // views into files_
};

}  // namespace aria
