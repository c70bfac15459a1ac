// Report formats: one diagnostic as the tools of others read it: SARIF 2.1.0 for code scanning, GitHub's annotations,
// GitLab's code quality report, and one line for editors. Lines and columns count from 1, columns in code points.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "compiler/base/diagnostics.h"
#include "compiler/base/source.h"

namespace rollout::cli {

/// `shop.rollout:4:3: error: there is no name `chekout` [unknown-name]`
std::string short_line(const Diagnostic& diagnostic, const SourceMap& sources);

/// `::error file=…::…`: GitHub shows it beside the line in a pull request.
std::string github_line(const Diagnostic& diagnostic, const SourceMap& sources);

/// One object of a GitLab code quality report. It is found again when lines above it move.
std::string gitlab_issue(const Diagnostic& diagnostic, const SourceMap& sources);

/// One object of a SARIF run's `results`.
std::string sarif_result(const Diagnostic& diagnostic, const SourceMap& sources);

/// The SARIF file around `results`, which are joined by commas.
std::string sarif_file(const std::string& results, const std::set<std::string_view>& names);

}  // namespace rollout::cli
