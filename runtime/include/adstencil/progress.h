// A progress line on standard error for work that takes longer than a blink.
//
// It rewrites one line, at most ten times a second, and stays silent when standard error is not a terminal, so that
// logs and pipes see only what the program prints itself.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace adstencil {

class progress {
public:
  /// Whether to draw: `automatic` draws only when standard error is a terminal.
  enum class mode : unsigned char { automatic, always, never };

  /// `title` opens the line; `total` is the number of steps, 0 when it is not known beforehand.
  explicit progress(std::string title, long total = 0, mode when = mode::automatic);
  /// Erases the line.
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// Reports that `done` steps are finished; `note` is a few words such as "residual 1.2e-05".
  void update(long done, std::string_view note = {});
  /// Erases the line so that the program may print; the next update draws it again.
  void clear();
  /// Whether anything is drawn at all: callers may spare themselves the composing of notes.
  bool visible() const { return visible_; }

private:
  using clock = std::chrono::steady_clock;

  std::string title_;
  long total_;
  bool visible_;
  bool drawn_ = false;
  clock::time_point start_ = clock::now();
  clock::time_point last_draw_{};
};

} // namespace adstencil
