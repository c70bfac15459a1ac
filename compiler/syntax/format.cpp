#include "compiler/syntax/format.h"

#include <algorithm>
#include <utility>

#include "compiler/syntax/format_pieces.h"
#include "compiler/syntax/parsing.h"

namespace rollout::syntax {

namespace {

constexpr uint32_t step = 2;          ///< of the indentation
constexpr uint32_t continuation = 4;  ///< of a statement's further lines
/// What stands deeper is not moved further to the right: at a hundred levels a layout would be a hundred times as long
/// as its text.
constexpr uint32_t most_indent = 32;

uint32_t inside(uint32_t indent, uint32_t by = step) {
  return std::min(indent + by, std::max(indent, most_indent));
}

/// Text that grows to the right and downwards. Indentation is written with what follows it.
class Page {
 public:
  explicit Page(uint32_t indent) : column_(indent), indent_(indent) {}

  void write(std::string_view text, uint32_t width, uint32_t space) {
    text_.append(fresh_ ? column_ : space, ' ');
    text_ += text;
    column_ += width + (fresh_ ? 0 : space);
    fresh_ = false;
  }
  /// Lines that are laid out already.
  void append(std::string_view lines) { text_ += lines; }
  /// Goes to a new line, unless nothing stands on this one.
  void newline(uint32_t indent) {
    if (!fresh_) text_ += '\n';
    column_ = indent_ = indent;
    fresh_ = true;
  }

  uint32_t column() const { return column_; }
  uint32_t line_indent() const { return indent_; }
  bool fresh() const { return fresh_; }
  std::string take() { return std::move(text_); }
  size_t size() const { return text_.size(); }

 private:
  std::string text_;
  uint32_t column_;
  uint32_t indent_;
  bool fresh_ = true;  ///< nothing on this line yet
};

/// One item of a block, or a comment between two.
struct Row {
  std::string text;
  uint32_t width = 0;
  Column column = Column::None;  ///< what its neighbours may align with; None also where it takes several lines
  uint32_t column_at = 0;        ///< columns of `text` before that
  size_t column_byte = 0;
  const Comment* behind = nullptr;
  bool blank_before = false;
};

class Layout {
 public:
  explicit Layout(Pieces pieces) : all_(std::move(pieces)), pieces_(all_.list) {}

  std::string file() {
    uint32_t end = uint32_t(pieces_.size() - 1);
    return block(0, end, 0);
  }

 private:
  /// Items and comments of [begin, end), and the comments above `end`, each on its line.
  std::string block(uint32_t begin, uint32_t end, uint32_t indent);
  void add_comments(uint32_t piece, uint32_t indent, uint32_t& last_line, std::vector<Row>& rows) const;
  void separate_declarations(uint32_t before, uint32_t item, size_t first_row, std::vector<Row>& rows) const;
  static std::string join_rows(std::vector<Row>& rows);
  static void align(std::vector<Row>& rows, size_t begin, size_t end);

  Row item(uint32_t begin, uint32_t end, uint32_t indent);
  bool is_flat(uint32_t begin, uint32_t end) const;
  void write_flat(uint32_t begin, uint32_t end, Page& page) const;
  bool ends_item(uint32_t at) const;
  void write_above(uint32_t at, Page& page, uint32_t indent) const;
  void write_behind(uint32_t at, Page& page, uint32_t further) const;
  void write(uint32_t at, Page& page, uint32_t further) const;
  /// [begin, end) over several lines; a line that is broken goes on at `further`, a block's items at `block_indent`.
  void write_run(uint32_t begin, uint32_t end, uint32_t further, uint32_t block_indent, Page& page);
  void write_block(uint32_t open, uint32_t further, uint32_t indent, Page& page);
  void write_group(uint32_t open, Page& page);
  uint32_t tail_width(uint32_t begin, uint32_t end) const;
  uint32_t segment_end(uint32_t begin, uint32_t end) const;
  std::vector<uint32_t> commas(uint32_t open) const;

  const Pieces all_;
  const std::vector<Piece>& pieces_;
};

void Layout::add_comments(uint32_t piece, uint32_t indent, uint32_t& last_line, std::vector<Row>& rows) const {
  for (uint32_t i = pieces_[piece].above_begin; i < pieces_[piece].above_end; ++i) {
    const Comment& comment = all_.comments[i];
    Row row;
    row.text = std::string(indent, ' ').append(comment.text);
    row.blank_before = comment.line > last_line + 1;
    last_line = comment.line;
    rows.push_back(std::move(row));
  }
}

/// A blank line stands between declarations, but for neighbours of one kind that take a line each.
void Layout::separate_declarations(uint32_t before, uint32_t item, size_t first_row, std::vector<Row>& rows) const {
  auto kind = [&](uint32_t at) {
    return pieces_[at].type == Parser::METRICS ? TokenType(Parser::TARGET) : pieces_[at].type;
  };
  auto one_line = [](const Row& row) { return row.text.find('\n') == std::string::npos; };
  for (size_t i = first_row; i < rows.size(); ++i)
    if (rows[i].blank_before) return;
  bool neighbours = kind(before) == kind(item) && one_line(rows[first_row - 1]) && one_line(rows.back());
  rows[first_row].blank_before = !neighbours;
}

std::string Layout::block(uint32_t begin, uint32_t end, uint32_t indent) {
  bool is_file = indent == 0;
  std::vector<Row> rows;
  uint32_t last_line = UINT32_MAX - 1;  // no blank line at the start
  uint32_t before = begin;
  for (uint32_t at = begin; at < end;) {
    uint32_t next = at + 1;
    while (next < end && !pieces_[next].item) next = opens_block(pieces_[next]) ? pieces_[next].match + 1 : next + 1;
    size_t first_row = rows.size();
    add_comments(at, indent, last_line, rows);
    bool blank = pieces_[at].line > last_line && pieces_[at].line - last_line > 1;
    rows.push_back(item(at, next, indent));
    rows.back().blank_before = blank;
    rows.back().behind = pieces_[next - 1].behind;
    if (is_file && at != begin) separate_declarations(before, at, first_row, rows);
    last_line = pieces_[next - 1].line;
    before = at;
    at = next;
  }
  add_comments(end, indent, last_line, rows);
  return join_rows(rows);
}

std::string Layout::join_rows(std::vector<Row>& rows) {
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end].column == rows[begin].column && !rows[end].blank_before) ++end;
    if (rows[begin].column != Column::None) align(rows, begin, end);
    begin = end;
  }
  std::string text;
  size_t bytes = 0;
  for (const Row& row : rows) bytes += row.text.size() + 2;
  text.reserve(bytes);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].blank_before) text += '\n';
    text += std::exchange(rows[i].text, {});
    if (rows[i].behind) text.append("  ").append(rows[i].behind->text);
    text += '\n';
  }
  return text;
}

void Layout::align(std::vector<Row>& rows, size_t begin, size_t end) {
  uint32_t column = 0;
  for (size_t i = begin; i < end; ++i) column = std::max(column, rows[i].column_at);
  for (size_t i = begin; i < end; ++i)
    if (rows[i].width + column - rows[i].column_at > format_columns) return;
  for (size_t i = begin; i < end; ++i) rows[i].text.insert(rows[i].column_byte, column - rows[i].column_at, ' ');
}

/// Whether [begin, end) may stand on one line, if it is short enough: no comments in it, and no block that the author
/// broke or that holds another.
bool Layout::is_flat(uint32_t begin, uint32_t end) const {
  if (all_.has_comment(begin, end - 1)) return false;
  for (uint32_t i = begin; i < end; ++i) {
    if (!opens_block(pieces_[i])) continue;
    uint32_t close = pieces_[i].match;
    if (close > i + 1 && pieces_[i].line != pieces_[close].line) return false;
    for (uint32_t inner = i + 1; inner < close; ++inner)
      if (opens_block(pieces_[inner]) && pieces_[inner].match != inner + 1) return false;
    i = close;
  }
  return true;
}

void Layout::write_flat(uint32_t begin, uint32_t end, Page& page) const {
  for (uint32_t i = begin; i < end; ++i) page.write(pieces_[i].text, pieces_[i].width, pieces_[i].space);
}

Row Layout::item(uint32_t begin, uint32_t end, uint32_t indent) {
  Row row;
  Page page(indent);
  if (!is_flat(begin, end) || indent + all_.width(begin, end - 1) > format_columns) {
    write_run(begin, end, indent + continuation, indent, page);
    row.text = page.take();
    return row;
  }
  bool in_block = false;
  for (uint32_t i = begin; i < end; ++i) {
    if (row.column == Column::None && pieces_[i].column != Column::None && !in_block) {
      row.column = pieces_[i].column;
      row.column_byte = page.size();
      row.column_at = page.column();
    }
    in_block |= opens_block(pieces_[i]);
    page.write(pieces_[i].text, pieces_[i].width, pieces_[i].space);
  }
  row.width = page.column();
  row.text = page.take();
  return row;
}

/// Whether the block around it puts the comment behind this token.
bool Layout::ends_item(uint32_t at) const {
  const Piece& next = pieces_[at + 1];
  return next.item || (next.type == Parser::RBRACE && next.block) || next.type == end_of_file;
}

void Layout::write_above(uint32_t at, Page& page, uint32_t indent) const {
  if (pieces_[at].item) return;  // its block's
  if (page.fresh()) indent = page.line_indent();
  for (uint32_t i = pieces_[at].above_begin; i < pieces_[at].above_end; ++i) {
    page.newline(indent);
    page.write(all_.comments[i].text, 0, 0);
    page.newline(indent);
  }
}

void Layout::write_behind(uint32_t at, Page& page, uint32_t further) const {
  if (!pieces_[at].behind || ends_item(at)) return;
  page.write(pieces_[at].behind->text, 0, 2);
  page.newline(further);
}

/// The comments above a token, the token, and the comment behind it.
void Layout::write(uint32_t at, Page& page, uint32_t further) const {
  write_above(at, page, further);
  page.write(pieces_[at].text, pieces_[at].width, pieces_[at].space);
  write_behind(at, page, further);
}

/// Columns from `begin` to the next place where the line may end.
uint32_t Layout::tail_width(uint32_t begin, uint32_t end) const {
  uint32_t width = 0;
  for (uint32_t i = begin; i < end && !pieces_[i].soft; ++i) {
    width = all_.width(begin, i) + pieces_[begin].space;
    if (opens_group(pieces_[i]) || opens_block(pieces_[i])) break;
  }
  return width;
}

/// Where the part behind a soft break ends: at the next one, at a block, or at `end`.
uint32_t Layout::segment_end(uint32_t begin, uint32_t end) const {
  uint32_t i = begin + 1;
  while (i < end && !pieces_[i].soft && !opens_block(pieces_[i]))
    i = opens_group(pieces_[i]) ? pieces_[i].match + 1 : i + 1;
  return i;
}

void Layout::write_run(uint32_t begin, uint32_t end, uint32_t further, uint32_t block_indent, Page& page) {
  for (uint32_t i = begin; i < end; ++i) {
    const Piece& piece = pieces_[i];
    if (i > begin && piece.soft && !page.fresh()) {
      uint32_t width = all_.width(i, segment_end(i, end) - 1);
      // What is too long for any line is broken inside, and need not begin on a new one.
      if (further + width > format_columns) width = piece.width + tail_width(i + 1, end);
      if (page.column() + 1 + width > format_columns) page.newline(further);
    }
    if (opens_block(piece)) {
      write_block(i, further, block_indent, page);
      i = piece.match;
    } else if (opens_group(piece)) {
      uint32_t comma = pieces_[end].type == Parser::COMMA;  // which write_group() puts behind this run
      uint32_t width = piece.space + all_.width(i, piece.match) + tail_width(piece.match + 1, end) + comma;
      if (!is_flat(i, piece.match + 1) || page.column() + width > format_columns) {
        write_group(i, page);
      } else {
        write_above(i, page, further);
        write_flat(i, piece.match + 1, page);
        write_behind(piece.match, page, further);
      }
      i = piece.match;
    } else {
      write(i, page, further);
    }
  }
}

void Layout::write_block(uint32_t open, uint32_t further, uint32_t indent, Page& page) {
  uint32_t close = pieces_[open].match;
  write_above(open, page, further);
  page.write("{", 1, 1);
  if (close != open + 1 || all_.has_comment(open, close)) {
    if (pieces_[open].behind) page.write(pieces_[open].behind->text, 0, 2);
    page.newline(indent);
    page.append(block(open + 1, close, inside(indent)));
  }
  page.write("}", 1, 0);
  write_behind(close, page, further);
}

/// Arguments fill their lines; the items of a list that are more than words take a line each.
void Layout::write_group(uint32_t open, Page& page) {
  uint32_t close = pieces_[open].match, outer = page.line_indent(), inner = inside(outer);
  bool one_a_line = false;
  for (uint32_t i = open + 1; i < close && pieces_[open].operand && pieces_[open].type == Parser::LBRACKET; ++i)
    one_a_line |= opens_group(pieces_[i]);
  write(open, page, inner);
  for (uint32_t begin = open + 1; begin < close;) {
    uint32_t end = begin;
    while (end < close && pieces_[end].type != Parser::COMMA)
      end = opens_group(pieces_[end]) || opens_block(pieces_[end]) ? pieces_[end].match + 1 : end + 1;
    bool plain = !all_.has_comment(begin - 1, end) && is_flat(begin, end);
    uint32_t width = all_.width(begin, end - 1) + (end < close);
    bool follows = plain && !one_a_line && begin > open + 1 && page.column() + 1 + width <= format_columns;
    if (!follows) page.newline(inner);
    if (follows || (plain && inner + width <= format_columns)) write_flat(begin, end, page);
    else write_run(begin, end, inside(inner), inner, page);
    if (end < close) write(end, page, inner);
    begin = end + 1;
  }
  write_above(close, page, inner);
  page.newline(outer);
  page.write(pieces_[close].text, pieces_[close].width, 0);
  write_behind(close, page, inside(outer, continuation));
}

/// What each token is for, or nothing where the text cannot be read. The tree is gone before the pieces are made: of a
/// large file each takes much memory.
std::optional<TokenMarks> read_marks(const Tokens& tokens, Diagnostics& diagnostics) {
  ast::File file;
  TokenMarks marks(tokens.visible().size());
  if (!read_tree(tokens, file, diagnostics, &marks)) return std::nullopt;
  return marks;
}

}  // namespace

std::optional<std::string> format(const SourceMap& sources, SourceId source, Diagnostics& diagnostics) {
  std::optional<Tokens> tokens = read_tokens(sources, source, diagnostics);
  if (!tokens) return std::nullopt;
  std::optional<TokenMarks> marks = read_marks(*tokens, diagnostics);
  if (!marks) return std::nullopt;
  return Layout(make_pieces(*tokens, *marks)).file();
}

}  // namespace rollout::syntax
