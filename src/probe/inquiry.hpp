#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "probe/experiments.hpp"
#include "probe/fit.hpp"
#include "probe/probe.hpp"

namespace weir::probe {

/// A kind that leaves so many more unexplained than the best is out, and so many denials that a
/// limit does not explain are another's doing.
constexpr std::size_t clearly_worse = 3;

/// A probe under way: what was tried and seen, and what explains it.
class Inquiry {
 public:
  Inquiry(Target& target, const ProbeOptions& options);

  ProbeResult run();

 private:
  /// For a limit that shows only where requests keep so far apart.
  Inquiry(const Inquiry& first, std::int64_t spacing_ns);

  void find_first_denial();
  void try_many_at_once();
  Experiment other_keys();
  void find_key();
  void find_return();
  bool ask_both(const std::vector<Track>& tracks, std::int64_t longest_ns);
  void tell_apart();
  bool try_best_of_menu();
  std::vector<std::pair<double, Experiment>> scored_menu(bool is_affordable);
  double score(const Experiment& experiment) const;
  std::string needed_budget();
  std::string larger_budget(std::uint64_t more_requests, Duration more_time) const;
  void sharpen();
  void sharpen_window();
  void sharpen_by_single_questions();
  void sharpen_rate();
  void look_for_slower();
  std::int64_t spacing_below(const Fit& fit) const;
  void find_slower_return(const KeyNumbers& held, std::int64_t at_once);
  bool ask_again(const KeyNumbers& key, std::int64_t first_ns, std::int64_t longest_ns,
                 std::vector<Track> beside);
  std::int64_t longest_wait_ns() const;
  void take_over(Inquiry&& slower);
  bool leave_to_second();
  bool leave_to_second_beside(const Fit& first);
  void conclude();

  std::vector<Sighting> perform(Experiment experiment);
  void story(const Experiment& experiment, const std::vector<Sighting>& seen, Instant begin);
  void fit();
  Track as_it_is(Track track) const;
  bool can_afford(const Experiment& experiment) const;
  bool has_denials() const;
  std::vector<const Fit*> alive() const;
  KeyNumbers fresh_key();
  static std::int64_t refill_of(const Fit& fit);
  Guess guess_of(const Fit& fit) const;
  Clues clues() const;
  void add_second_limit();
  void leave_second_open();
  std::string why_limit_may_be_higher() const;
  void add_alternatives();
  void add_first_limit();
  void leave_undecided(const std::string& why);
  double confidence() const;
  std::string why_first_is_open();
  std::string two_kinds_may_show() const;

  Target& target_;
  const ProbeOptions& options_;
  Evidence evidence_;
  ProbeResult result_;
  KeyMask mask_;
  std::uint64_t next_key_ = 0;
  /// How many fresh keys there are.
  std::uint64_t key_supply_ = 0;
  KeyNumbers first_key_;
  std::int64_t first_limit_ = 0;
  std::int64_t spacing_ns_ = 0;
  /// After a wait for a whole allowance, where no key is fresh.
  std::int64_t refill_ns_ = 0;
  std::vector<Fit> fits_;
  int rounds_ = 0;
  /// Whether this is about a limit beside another, which paced requests do not reach.
  bool is_slower_ = false;
  /// What explains a slower limit, the best first; empty where none shows.
  std::vector<Fit> slower_;
  /// Denials that are left to a second limit were seen.
  bool second_shows_ = false;
  std::string why_second_open_;
  /// How often each experiment of the menu was made.
  std::map<std::string, int> tried_;
};

}  // namespace weir::probe
