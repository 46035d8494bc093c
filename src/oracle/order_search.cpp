#include "oracle/order_search.hpp"

#include <algorithm>
#include <utility>

namespace weir::oracle {
namespace {

/// More different orders than these are not followed.
constexpr std::size_t most_nodes = 64;

void merge(const Sight& one, Sight& into) {
  into.possible |= one.possible;
  into.other_possible |= one.other_possible;
  into.too_early |= one.too_early;
  into.on_time |= one.on_time;
  into.near_limit |= one.near_limit;
  into.near_limits.resize(std::max(into.near_limits.size(), one.near_limits.size()));
  for (std::size_t l = 0; l < one.near_limits.size(); ++l) {
    if (one.near_limits[l]) into.near_limits[l] = true;
  }
  into.add_told(one);
}

}  // namespace

void OrderSearch::sort_into_kinds(std::span<InFlight> requests) {
  kinds_.clear();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Observation& mine = *requests[i].observation;
    const auto kind = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& k) {
      const InFlight& other = requests[k.requests[0]];
      return other.is_end == requests[i].is_end && other.observation->allowed == mine.allowed &&
             other.observation->holders == mine.holders && other.observation->asks == mine.asks;
    });
    (kind == kinds_.end() ? kinds_.emplace_back() : *kind).requests.push_back(i);
  }
  for (const Kind& kind : kinds_) {
    for (const auto& span : {&InFlight::real, &InFlight::span, &InFlight::wide}) {
      std::vector<Instant> ends;
      for (const std::size_t r : kind.requests) ends.push_back((requests[r].*span).to);
      std::sort(ends.begin(), ends.end());
      for (std::size_t i = 0; i < ends.size(); ++i) (requests[kind.requests[i]].*span).to = ends[i];
    }
    std::vector<Instant> answers;
    for (const std::size_t r : kind.requests) answers.push_back(requests[r].answered);
    std::sort(answers.begin(), answers.end());
    for (std::size_t i = 0; i < answers.size(); ++i)
      requests[kind.requests[i]].answered = answers[i];
  }
  find_decisions_of_ends(requests);
}

void OrderSearch::find_decisions_of_ends(std::span<const InFlight> requests) {
  for (Kind& kind : kinds_) {
    const InFlight& end = requests[kind.requests[0]];
    if (!end.is_end) continue;
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      const InFlight& other = requests[kinds_[k].requests[0]];
      if (other.is_end || !other.observation->allowed ||
          other.observation->asks != end.observation->asks) {
        continue;
      }
      kind.decisions = k;
    }
    for (const std::size_t r : kind.requests) {
      const bool is_decided_here =
          std::any_of(requests.begin(), requests.end(),
                      [&](const auto& q) { return !q.is_end && q.number == requests[r].number; });
      kind.ahead += is_decided_here ? 0U : 1U;
    }
  }
}

// Nothing undecided ended before it began.
bool OrderSearch::may_be_next(const Node& node, std::size_t kind,
                              std::span<const InFlight> requests) const {
  const Kind& own = kinds_[kind];
  const InFlight& mine = requests[own.requests[node[kind]]];
  if (mine.is_end && node[kind] >= own.ahead + (own.decisions ? node[*own.decisions] : 0U)) {
    return false;
  }
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    if (k == kind || node[k] == kinds_[k].requests.size()) continue;
    if (requests[kinds_[k].requests[node[k]]].real.to < mine.real.from) return false;
  }
  return true;
}

void OrderSearch::drop(Front& front) {
  for (auto& [node, particles] : front) belief_.release(particles);
  front.clear();
}

OrderSearch::Found OrderSearch::advance(std::span<InFlight> requests, Front& front) {
  Front next;
  for (auto& [node, particles] : front) {
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      if (node[k] == kinds_[k].requests.size() || !may_be_next(node, k, requests)) continue;
      InFlight& request = requests[kinds_[k].requests[node[k]]];
      Sight sight;
      Particles after;
      belief_.step(particles, request.decision(), sight, after);
      if (!sight.possible) continue;
      merge(sight, request.sight);
      request.sight.only_just |= sight.only_just;
      Node there = node;
      ++there[k];
      Particles& known = next[there];
      for (const Particle& particle : after) belief_.add(particle, known);
    }
  }
  drop(front);
  front = std::move(next);
  if (front.empty()) return Found::unexplained;
  for (auto& [node, particles] : front) {
    Instant latest = Instant::min();
    for (const Particle& p : particles) latest = std::max(latest, p.last);
    belief_.reduce(particles, latest);
  }
  return front.size() <= most_nodes ? Found::explained : Found::too_many;
}

// Which of them was told what depends on their true order.
void OrderSearch::share_told(std::span<InFlight> requests) const {
  for (const Kind& kind : kinds_) {
    Sight all;
    for (const std::size_t r : kind.requests) all.add_told(requests[r].sight);
    for (const std::size_t r : kind.requests) requests[r].sight.add_told(all);
  }
}

OrderSearch::Found OrderSearch::run(const Particles& before, std::span<InFlight> requests,
                                    Particles& after) {
  sort_into_kinds(requests);
  Front front;
  Particles& start = front[Node(kinds_.size(), 0)];
  for (const Particle& particle : before) start.push_back(belief_.copy(particle));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Found found = advance(requests, front);
    if (found == Found::explained) continue;
    drop(front);
    return found;
  }
  after = std::move(front.begin()->second);
  share_told(requests);
  return Found::explained;
}

}  // namespace weir::oracle
