#include "tokenizer.h"

#include <algorithm>

#include "unicode.h"

namespace aria {
namespace {

constexpr char32_t kMarkersFirst = 0xE000, kMarkersLast = 0xF8FF;  // the private use area

// llama.cpp takes a token with an end's text for a control token, whatever type the file gives it: here, where control
// tokens are read from text and where users' text is kept from becoming them.
bool acts_as_control(const TokenTable& vocabulary, uint32_t id) {
  return vocabulary.is_hidden(id) || ends_answers(vocabulary.text(id));
}
bool is_user_defined(const TokenTable& vocabulary, uint32_t id) {
  return vocabulary.types[id] == TokenType::user_defined;
}

template <class Test>
std::vector<uint32_t> tokens_that(const TokenTable& vocabulary, Test test) {
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; id < vocabulary.size(); id++)
    if (test(vocabulary, id)) ids.push_back(id);
  return ids;
}

std::string to_string(char32_t code) {
  std::string out;
  append_utf8(out, code);
  return out;
}

std::string without(std::string_view text, const std::string& marker) {
  std::string out;
  size_t begin = 0;
  for (size_t at = text.find(marker); at != std::string_view::npos; at = text.find(marker, begin)) {
    out += text.substr(begin, at - begin);
    begin = at + marker.size();
  }
  return out += text.substr(begin);
}

char32_t unused_marker(const std::vector<std::string>& contents) {
  std::vector<bool> used(kMarkersLast - kMarkersFirst + 1);
  for (const std::string& content : contents)
    for (size_t at = 0; at < content.size();) {
      const Character character = character_at(content, at);
      if (character.code >= kMarkersFirst && character.code <= kMarkersLast) used[character.code - kMarkersFirst] = true;
      at = character.next;
    }
  const auto free = std::find(used.begin(), used.end(), false);
  if (free == used.end()) throw Error("bad_template", "The messages use every character of the private use area.");
  return kMarkersFirst + char32_t(free - used.begin());
}

void check_text(std::string_view text) {
  if (text.size() > kTextBytesMax)
    throw Error("bad_token", "The text has " + std::to_string(text.size()) + " bytes; at most " +
                                 std::to_string(kTextBytesMax) + " are allowed.");
  const size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string_view::npos)
    throw Error("bad_token", "The text is not valid UTF-8 at byte " + std::to_string(invalid) + ".");
}

}  // namespace

// One text on its way: what was before decides about SentencePiece's space.
class Tokenizer::Encoding {
 public:
  Encoding(const Tokenizer& tokenizer, const std::atomic<bool>& cancelled)
      : tokenizer_(tokenizer), cancelled_(cancelled) {}

  void add(uint32_t token) {
    tokens_.push_back(token);
    after_special_ = true;
  }

  void add(std::string_view text) {
    if (text.empty()) return;
    if (cancelled_) throw Error("aborted", "Tokenising was cancelled.");
    if (tokenizer_.byte_pairs_)
      tokenizer_.byte_pairs_->encode(text, tokens_, cancelled_);
    else
      tokenizer_.sentence_pieces_->encode(text, tokenizer_.vocabulary_.adds_space && after_special_, tokens_, cancelled_);
    after_special_ = false;
  }

  // `plain` takes what lies between the matches.
  template <class Plain>
  void add_matched(std::string_view text, const Matcher& matcher, Plain plain) {
    size_t end = 0;
    for (const Match& match : matcher.find(text)) {
      plain(text.substr(end, match.begin - end));
      add(match.token);
      end = match.end;
    }
    plain(text.substr(end));
  }

  std::vector<uint32_t> take(bool bos, bool eos) {
    const TokenTable& vocabulary = tokenizer_.vocabulary_;
    if (bos && vocabulary.adds_bos && vocabulary.bos && (tokens_.empty() || tokens_.front() != *vocabulary.bos))
      tokens_.insert(tokens_.begin(), *vocabulary.bos);
    if (eos && vocabulary.adds_eos && vocabulary.eos) tokens_.push_back(*vocabulary.eos);
    return std::move(tokens_);
  }

 private:
  const Tokenizer& tokenizer_;
  const std::atomic<bool>& cancelled_;
  std::vector<uint32_t> tokens_;
  bool after_special_ = true;
};

Tokenizer::Tokenizer(const Gguf& gguf, size_t rows) {
  read_token_table(gguf, rows, vocabulary_);
  if (vocabulary_.pieces_of_sentence)
    sentence_pieces_.emplace(vocabulary_);
  else
    byte_pairs_.emplace(vocabulary_);
  specials_.emplace(vocabulary_, tokens_that(vocabulary_, [](const TokenTable& table, uint32_t id) {
                      return acts_as_control(table, id) || is_user_defined(table, id);
                    }));
  user_defined_.emplace(vocabulary_, tokens_that(vocabulary_, is_user_defined));
  controls_.emplace(vocabulary_, tokens_that(vocabulary_, acts_as_control));
  for (uint32_t id = 0; id < vocabulary_.size(); id++) {
    pieces_.bytes += bytes_of_token(vocabulary_, id);
    pieces_.ends.push_back(uint32_t(pieces_.bytes.size()));
  }
}

std::vector<uint32_t> Tokenizer::encode(std::string_view text, bool special, const std::atomic<bool>& cancelled) const {
  check_text(text);
  Encoding encoding(*this, cancelled);
  encoding.add_matched(text, special ? *specials_ : *user_defined_, [&](std::string_view plain) { encoding.add(plain); });
  return encoding.take(special, special);
}

std::vector<uint32_t> Tokenizer::encode_chat(std::string_view text, char32_t marker,
                                             const std::atomic<bool>& cancelled) const {
  check_text(text);
  const std::string mark = to_string(marker);
  Encoding encoding(*this, cancelled);
  encoding.add_matched(text, *specials_, [&](std::string_view part) {
    if (part.find(mark) == std::string_view::npos) return encoding.add(part);
    const std::string plain = without(part, mark);
    encoding.add_matched(plain, *user_defined_, [&](std::string_view rest) { encoding.add(rest); });
  });
  return encoding.take(true, false);
}

Protected Tokenizer::protect(std::vector<std::string> contents) const {
  for (const std::string& content : contents) check_text(content);
  const char32_t marker = unused_marker(contents);
  for (std::string& content : contents) {
    const std::vector<size_t> starts = controls_->find_starts(content);
    if (starts.empty()) continue;
    std::string safe;
    size_t begin = 0;
    for (const size_t start : starts) {
      const size_t next = character_at(content, start).next;
      safe += content.substr(begin, next - begin);
      append_utf8(safe, marker);
      begin = next;
    }
    content = safe += content.substr(begin);
    if (!controls_->find(content).empty())
      throw Error("bad_template", "A message contains a control token of one character, which cannot stay text.");
  }
  return {marker, std::move(contents)};
}

void Tokenizer::decode(const uint32_t* tokens, size_t count, bool first, std::string& out) const {
  for (size_t i = 0; i < count; i++) {
    if (tokens[i] >= vocabulary_.size())
      throw Error("bad_token", "Token " + std::to_string(tokens[i]) + " is outside the vocabulary of " +
                                   std::to_string(vocabulary_.size()) + ".");
    std::string_view piece = pieces_[tokens[i]];
    if (first && i == 0 && vocabulary_.adds_space && piece.starts_with(' ')) piece.remove_prefix(1);
    out += piece;
  }
}

}  // namespace aria
