"use strict";
(() => {
  const drawn = JSON.parse(document.getElementById("drawn").textContent);
  const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const reveal = (selector) => document.querySelectorAll(selector).forEach((each) => { each.hidden = false; });
  const figure = (value) => (value === null ? "not finite" : String(Number(value.toPrecision(4))));
  const charts = [];

  /** A tooltip made of text nodes: a page under this policy must not build markup from strings. */
  function tip(title, lines) {
    const box = document.createElement("div");
    box.className = "tip";
    const head = document.createElement("b");
    head.textContent = title;
    box.append(head);
    for (const line of lines) {
      const row = document.createElement("div");
      row.textContent = line;
      box.append(row);
    }
    return box;
  }

  const text = () => ({ color: tone("quiet"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 });
  const tooltip = () => ({
    confine: true, backgroundColor: tone("card"), borderColor: tone("line"), borderWidth: 1, padding: [8, 12],
    extraCssText: "box-shadow: 0 4px 16px rgb(0 0 0 / .18); border-radius: 6px;",
  });
  const axis = () => ({
    axisLine: { lineStyle: { color: tone("line") } }, axisTick: { show: false },
    axisLabel: text(), nameTextStyle: text(), splitLine: { lineStyle: { color: tone("line") } },
  });

  function plot(element, options, clicked) {
    const chart = echarts.init(element, null, { renderer: "svg" });
    const entry = { chart, options };
    charts.push(entry);
    chart.setOption(options());
    if (clicked) chart.on("click", clicked);
    return () => chart.setOption(options(), true);
  }

  function heatMaps(choose) {
    const holder = document.getElementById("heat");
    const chosen = () => document.querySelector('input[name="heat"]:checked').value;
    const redraw = drawn.maps.map((map) => {
      const title = document.createElement("p");
      title.className = "map-title";
      title.textContent = map.component;
      const scroll = document.createElement("div");
      scroll.className = "scroll";
      const element = document.createElement("div");
      element.className = "map";
      element.setAttribute("role", "img");
      element.style.height = `${map.rows.length * 26 + 106}px`;
      scroll.append(element);
      holder.append(title, scroll);
      return plot(element, () => heatOptions(map, chosen()), (event) => choose(event.data.value[3]));
    });
    document.querySelectorAll('input[name="heat"]').forEach((each) => each.addEventListener("change", () => redraw.forEach((go) => go())));
  }

  function heatOptions(map, metric) {
    const cells = map.cells.map(([x, y, place]) => [x, y, drawn.layers[place].values[metric], place]).filter((cell) => cell[2] !== null);
    const values = drawn.layers.map((layer) => layer.values[metric]).filter((value) => value !== null); // of every map: their colours compare
    const name = drawn.metrics.find(([key]) => key === metric)[1];
    const low = metric === "leading_share" ? 0 : Math.min(0, ...values);
    const high = metric === "leading_share" ? 1 : Math.max(...values, low + 1e-12);
    const label = Math.max(...map.rows.map((row) => row.length)) * 6.8 + 16;
    return {
      animation: false,
      aria: { enabled: true, label: { description: `${name} of each layer of ${map.component}; the numbers stand in the table below.` } },
      grid: { left: Math.min(label, 300), right: 12, top: 36, bottom: 62 },
      tooltip: { ...tooltip(), formatter: ({ data }) => tip(drawn.layers[data.value[3]].path, drawn.metrics.map(([key, title]) => `${title} ${figure(drawn.layers[data.value[3]].values[key])}`)) },
      visualMap: {
        min: low, max: high, dimension: 2, calculable: false, orient: "horizontal", right: 12, top: 4, itemWidth: 10, itemHeight: 120,
        text: [figure(high), `${name}  ${figure(low)}`], textStyle: text(), inRange: { color: [0, 1, 2, 3].map((step) => tone(`heat-${step}`)) },
      },
      xAxis: { ...axis(), type: "category", data: map.columns, splitLine: { show: false }, axisLabel: { ...text(), rotate: 32, interval: 0 } },
      yAxis: { ...axis(), type: "category", data: map.rows, inverse: true, splitLine: { show: false }, axisLabel: { ...text(), interval: 0, width: 284, overflow: "break" } },
      series: [{
        type: "heatmap", data: cells.map((value) => ({ value })), itemStyle: { borderColor: tone("paper"), borderWidth: 2, borderRadius: 4 },
        emphasis: { itemStyle: { borderColor: tone("ink"), borderWidth: 2 } },
      }],
    };
  }

  function spectrum() {
    const select = document.getElementById("spectrum-layer");
    drawn.layers.forEach((layer, place) => select.add(new Option(layer.path, String(place))));
    const heaviest = drawn.layers.reduce((best, layer, place) => (layer.values.frobenius > drawn.layers[best].values.frobenius ? place : best), 0);
    select.value = String(heaviest);
    const redraw = plot(document.getElementById("spectrum"), () => {
      const layer = drawn.layers[Number(select.value)];
      return {
        animation: false,
        aria: { enabled: true, label: { description: `Singular values of ${layer.path}: ${layer.sigma.map(figure).join(", ")}` } },
        grid: { left: 52, right: 12, top: 20, bottom: 40 },
        tooltip: { ...tooltip(), trigger: "axis", formatter: ([point]) => tip(`Direction ${point.name}`, [`σ ${figure(point.value)}`]) },
        xAxis: { ...axis(), type: "category", name: "direction", nameLocation: "middle", nameGap: 26, data: layer.sigma.map((_, place) => String(place + 1)), splitLine: { show: false } },
        yAxis: { ...axis(), type: "value", name: "σ" },
        series: [{ type: "bar", data: layer.sigma, barMaxWidth: 26, itemStyle: { color: tone("heat-2"), borderRadius: [3, 3, 0, 0] } }],
      };
    });
    select.addEventListener("change", redraw);
    return (place) => { select.value = String(place); redraw(); };
  }

  const LOOKS = {
    declared: { colour: "curve-1", dash: "solid" },
    plain: { colour: "curve-2", dash: "solid" },
    control: { colour: "curve-2", dash: "dashed" },
  };

  function look(curve, place) {
    if (curve.cited) return { colour: "curve-0", dash: "solid", width: 3 };
    const known = LOOKS[curve.kind] || { colour: `curve-${3 + (place % 3)}`, dash: "solid" };
    return { ...known, width: 2 };
  }

  function dose() {
    const measure = () => document.querySelector('input[name="dose"]:checked').value;
    const redraw = plot(document.getElementById("dose"), () => doseOptions(measure()));
    document.querySelectorAll('input[name="dose"]').forEach((each) => each.addEventListener("change", redraw));
  }

  function band(curve, colour) {
    const points = curve.points.filter((point) => point[2] !== null && point[3] !== null);
    return {
      type: "custom", name: curve.label, silent: true, tooltip: { show: false }, data: points.length ? [points[0]] : [], z: 1, color: colour,
      renderItem: (_, api) => ({
        type: "polygon", silent: true, style: { fill: colour, opacity: 0.13 },
        shape: { points: [...points.map((point) => api.coord([point[0], point[3]])), ...points.map((point) => api.coord([point[0], point[2]])).reverse()] },
      }),
    };
  }

  function span(curves, measure) {
    // The bands are no series of their own: the axis has to be told how far they reach.
    const ends = measure === "change" ? curves.flatMap((curve) => curve.points.flatMap((point) => [point[2], point[3]])).filter((each) => each !== null) : [];
    if (!ends.length) return {};
    const step = 0.05;
    return { min: Math.min(0, Math.floor(Math.min(...ends) / step) * step), max: Math.max(step, Math.ceil(Math.max(...ends) / step) * step) };
  }

  function doseOptions(measure) {
    const at = measure === "change" ? 1 : 4;
    const curves = drawn.curves.map((curve, place) => ({ ...curve, label: `${curve.name} · ${curve.kind}${curve.cited ? " · cited" : ""}`, ...look(curve, place) }));
    const scales = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point[0])))];
    const lines = curves.map((curve) => ({
      type: "line", name: curve.label, data: curve.points.map((point) => [point[0], point[at]]), symbolSize: 6, z: curve.cited ? 4 : 3, color: tone(curve.colour),
      lineStyle: { width: curve.width, type: curve.dash }, emphasis: { focus: "series" },
    }));
    return {
      animation: false,
      aria: { enabled: true, label: { description: "Dose-response curves; the numbers stand in the table below." } },
      grid: { left: 58, right: 18, top: 64, bottom: 46 },
      legend: { type: "scroll", top: 0, left: 0, right: 0, textStyle: { ...text(), color: tone("ink") }, pageTextStyle: text(), pageIconColor: tone("link"), data: curves.map((curve) => curve.label), icon: "rect", itemWidth: 20, itemHeight: 4 },
      tooltip: {
        ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: tone("quiet") } },
        formatter: (points) => tip(`scale ${points[0].axisValue}`, points.filter((point) => point.seriesType === "line").map((point) => `${point.seriesName}: ${figure(point.value[1])}`)),
      },
      xAxis: { ...axis(), type: "value", name: "scale", nameLocation: "middle", nameGap: 28, min: "dataMin", max: "dataMax", splitLine: { show: false },
        axisLabel: { ...text(), customValues: scales, formatter: (value) => figure(value) } },
      yAxis: { ...axis(), type: "value", ...span(curves, measure), name: measure === "change" ? "1 − CLIP similarity to the base" : "lift", nameTextStyle: { ...text(), align: "left", padding: [0, 0, 0, -46] } },
      series: [...(measure === "change" ? curves.map((curve) => band(curve, tone(curve.colour))) : []), ...lines],
    };
  }

  function lightbox() {
    const box = document.getElementById("lightbox");
    const shots = [...document.querySelectorAll(".shot")];
    if (!box || !shots.length) return;
    let place = 0;
    const show = (next) => {
      place = (next + shots.length) % shots.length;
      const from = shots[place].querySelector("img");
      const image = box.querySelector("img");
      image.src = from.src;
      image.alt = from.alt;
      box.querySelector("figcaption").textContent = shots[place].dataset.caption;
    };
    shots.forEach((shot, at) => shot.addEventListener("click", () => { show(at); box.showModal(); }));
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight") show(place + 1);
      if (event.key === "ArrowLeft") show(place - 1);
    });
    box.addEventListener("click", (event) => {
      const turn = event.target.dataset.turn;
      if (turn === "0" || event.target === box) box.close();
      else if (turn) show(place + Number(turn));
    });
    box.addEventListener("close", () => shots[place].focus());
  }

  function copying() {
    if (!navigator.clipboard) return;
    document.querySelectorAll("[data-copy]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = "Copied";
      });
    });
  }

  function contents() {
    const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
    const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      links.forEach((link) => link.removeAttribute("aria-current"));
      const link = links.get(entry.target.id);
      if (link) link.setAttribute("aria-current", "true");
    }), { rootMargin: "-10% 0px -75% 0px" });
    document.querySelectorAll("main > section").forEach((section) => seen.observe(section));
  }

  const redrawAll = () => charts.forEach(({ chart, options }) => chart.setOption(options(), true));
  const refit = () => charts.forEach(({ chart }) => chart.resize());
  if (window.echarts) {
    if (drawn.layers.length) {
      reveal('[data-for="heat"], .spectrum');
      heatMaps(spectrum());
    }
    if (drawn.curves.length) {
      reveal('[data-for="dose"]');
      dose();
    }
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
    matchMedia("print").addEventListener("change", () => { refit(); redrawAll(); });
    addEventListener("resize", refit);
  }
  lightbox();
  copying();
  contents();
})();
