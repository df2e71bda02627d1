#pragma once
// Pre-tokenizers: how text is cut into words before merging. They do what llama.cpp's regular expressions do, without a
// regular expression engine: one pass, no memory, no backtracking.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace aria {

enum class Split { llama3, qwen2, gpt2, standard, falcon };

struct PreTokenizer {
  Split split;
  bool ignore_merges;  // a whole word in the vocabulary is taken without looking at merges
  bool adds_bos;       // where the file does not say
};

/** By the name under `tokenizer.ggml.pre`, llama.cpp's aliases included. Throws `unsupported` for an unknown one. */
PreTokenizer find_pre_tokenizer(const std::string& name);

/** Calls `word` with each piece of `text`, in order; together they are the text. */
void split_words(Split split, std::string_view text, const std::function<void(std::string_view)>& word);

}  // namespace aria
