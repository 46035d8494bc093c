(function () {
  'use strict';
  document.documentElement.classList.add('js');

  var locale = 'en';
  function plain(value) {
    return value.toLocaleString(locale, { maximumSignificantDigits: 6 });
  }
  function duration(ns) {
    var sign = ns < 0 ? '-' : '', v = Math.abs(ns);
    var units = [['h', 3600e9], ['m', 60e9], ['s', 1e9], ['ms', 1e6], ['µs', 1e3], ['ns', 1]];
    if (v === 0) return '0';
    for (var i = 0; i < units.length; i++) {
      if (v >= units[i][1] && i < 2) {
        // As a clock has it: 1 m 10 s.
        var steps = Math.round(v / units[i + 1][1]), whole = Math.floor(steps / 60), rest = steps % 60;
        return sign + whole + ' ' + units[i][0] + (rest > 0 ? ' ' + rest + ' ' + units[i + 1][0] : '');
      }
      if (v >= units[i][1] || units[i][1] === 1) {
        return sign + (v / units[i][1]).toLocaleString(locale, { maximumSignificantDigits: 3 }) + ' ' + units[i][0];
      }
    }
    return '';
  }
  // A percentile axis shows 1 / (1 - share), so that each further nine takes the same room.
  function percentile(x) {
    var nines = Math.max(0, Math.round(Math.log10(x)) - 2);
    return (100 * (1 - 1 / x)).toFixed(nines) + '%';
  }
  var formats = {
    count: plain,
    number: plain,
    duration: duration,
    share: function (v) { return (100 * v).toLocaleString(locale, { maximumSignificantDigits: 4 }) + '%'; },
    percentile: percentile
  };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  }
  function faint(hex, alpha) {
    return hex + Math.round(alpha * 255).toString(16).padStart(2, '0');
  }

  // With the dashes of their lines, which Chart.js leaves out where points are drawn.
  function legendItems(chart) {
    var items = Chart.defaults.plugins.legend.labels.generateLabels(chart);
    items.forEach(function (item) { item.lineDash = chart.data.datasets[item.datasetIndex].borderDash || []; });
    return items;
  }

  // Steps of a time axis that a clock has: 1, 2, 5, 10, 15, 30 of a unit.
  function clockStep(range, most) {
    var steps = [1, 2, 5, 10, 20, 50, 100, 200, 500].reduce(function (all, n) {
      return all.concat([n, n * 1e3, n * 1e6]);
    }, []).concat([1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]
      .map(function (s) { return s * 1e9; })).sort(function (a, b) { return a - b; });
    for (var i = 0; i < steps.length; i++) if (range / steps[i] <= most) return steps[i];
    return undefined;
  }

  function axis(spec, stacked, room) {
    var format = formats[spec.unit] || plain;
    var result = {
      type: spec.categories.length ? 'category' : spec.logarithmic ? 'logarithmic' : 'linear',
      stacked: stacked,
      title: { display: spec.title !== '', text: spec.title, color: colour('dim') },
      grid: { color: colour('line'), borderColor: colour('line') },
      ticks: { color: colour('dim'), maxRotation: 0, autoSkipPadding: 12 }
    };
    if (spec.min !== null) result.min = spec.min;
    if (spec.max !== null) result.max = spec.max;
    if (spec.categories.length) {
      // On the left of a chart categories are numbers of rows.
      if (!spec.rows) {
        result.ticks.autoSkip = false;
        result.ticks.maxRotation = 60;
        return result;
      }
      result.type = 'linear';
      result.reverse = true;
      result.min = -0.6;
      result.max = spec.categories.length - 0.4;
      result.ticks.callback = function (v) { return spec.categories[v] || ''; };
      result.afterBuildTicks = function (scale) {
        scale.ticks = spec.categories.map(function (_, i) { return { value: i }; });
      };
      result.ticks.autoSkip = false;
      return result;
    }
    result.ticks.callback = function (v) { return format(v); };
    if (spec.unit === 'count') result.ticks.precision = 0;
    if (spec.unit === 'percentile') {
      result.afterBuildTicks = function (scale) {
        scale.ticks = (room < 9 ? [1, 10, 100, 1000, 1e4, 1e5, 1e6] : [1, 2, 4, 10, 20, 100, 1000, 1e4, 1e5, 1e6]).filter(function (x) {
          return x <= scale.max;
        }).map(function (x) { return { value: x }; });
      };
    } else if (spec.logarithmic) {
      result.afterBuildTicks = function (scale) {
        var first = Math.floor(Math.log10(scale.min)), last = Math.ceil(Math.log10(scale.max));
        var heads = last - first > 3 ? [1] : [1, 2, 5], ticks = [];
        for (var e = first; e <= last; e++) {
          heads.forEach(function (h) {
            var v = h * Math.pow(10, e);
            if (v >= scale.min * 0.999 && v <= scale.max * 1.001) ticks.push({ value: v });
          });
        }
        scale.ticks = ticks;
      };
    } else if (spec.unit === 'duration') {
      result.afterDataLimits = function (scale) {
        var step = clockStep(scale.max - scale.min, room);
        if (step) scale.options.ticks.stepSize = step;
      };
    }
    return result;
  }

  function dataset(series, index, spec) {
    var c = colour(series.colour || 'series-' + index % 8);
    var isBar = spec.x.categories.length > 0;
    var marks = series.kind === 'marks';
    return {
      label: series.name,
      data: isBar ? series.points.map(function (p) { return p[1]; })
        : series.points.map(function (p) { return { x: p[0], y: p[1] }; }),
      notes: series.notes,
      borderColor: c,
      backgroundColor: isBar ? c : faint(c, series.kind === 'area' ? 0.45 : marks && series.hollow ? 0 : 1),
      fill: series.kind === 'area' ? (spec.stacked && index > 0 ? '-1' : 'origin') : false,
      stepped: series.steps ? 'before' : false,
      showLine: !marks,
      borderWidth: isBar ? 0 : marks ? 2 : series.kind === 'area' ? 1 : 2,
      borderDash: series.dashed ? [6, 4] : [],
      pointStyle: marks ? (series.hollow ? 'crossRot' : 'circle') : series.kind === 'area' ? 'rect' : 'line',
      pointRadius: marks ? 5 : series.points.length === 1 ? 3 : 0,
      pointHitRadius: 8,
      tension: 0,
      spanGaps: false
    };
  }

  function draw(figure) {
    var spec = JSON.parse(figure.querySelector('script').textContent);
    var canvas = figure.querySelector('canvas');
    var room = Math.max(3, Math.floor((canvas.parentNode.clientWidth - 60) / 75));
    var formatX = formats[spec.x.unit] || plain, formatY = formats[spec.y.unit] || plain;
    var isBar = spec.x.categories.length > 0;
    return new Chart(canvas, {
      type: isBar ? 'bar' : 'line',
      data: { labels: isBar ? spec.x.categories : undefined, datasets: spec.series.map(function (s, i) { return dataset(s, i, spec); }) },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false,
        interaction: { mode: 'nearest', intersect: false },
        scales: { x: axis(spec.x, spec.stacked && isBar, room), y: axis(spec.y, spec.stacked, 6) },
        plugins: {
          legend: { display: spec.series.length > 1 || !isBar, position: 'top', align: 'start',
                    labels: { color: colour('text'), boxWidth: 14, usePointStyle: !isBar,
                              pointStyleWidth: spec.series.some(function (s) { return s.dashed; }) ? 30 : undefined,
                              generateLabels: legendItems } },
          tooltip: { callbacks: {
            title: function (items) {
              if (!items.length) return '';
              return isBar ? items[0].label : (spec.x.title ? spec.x.title + ' ' : '') + formatX(items[0].parsed.x);
            },
            label: function (item) {
              var notes = item.dataset.notes;
              if (notes && notes[item.dataIndex]) return item.dataset.label + ': ' + notes[item.dataIndex];
              var y = spec.y.rows ? spec.y.categories[item.parsed.y] : formatY(item.parsed.y);
              return item.dataset.label + ': ' + y;
            }
          } }
        }
      }
    });
  }

  var charts = [];
  function drawAll() {
    charts.forEach(function (chart) { chart.destroy(); });
    charts = Array.prototype.map.call(document.querySelectorAll('figure.chart'), draw);
  }
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawAll();
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  window.matchMedia('print').addEventListener('change', drawAll);
  window.addEventListener('beforeprint', function () { charts.forEach(function (chart) { chart.resize(); }); });
}());
