// Charts that are drawn when a phase is shown, as wide as their place on the page.

const SVG = 'http://www.w3.org/2000/svg';
const MARGIN = { left: 52, right: 12, top: 20, bottom: 40 };

function shape(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Round values about `wanted` in number between two others.
function ticks(first, last, wanted) {
  const rough = (last - first) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const start = Math.ceil(first / step - 1e-9);
  const number = Math.floor(last / step + 1e-9) - start + 1;
  return Array.from({ length: number }, (_, i) => Number(((start + i) * step).toPrecision(10)));
}

class Axes {
  constructor(box, across, up) {
    Object.assign(this, box);
    this.x = (value) => this.left + (value - across[0]) / (across[1] - across[0]) * this.width;
    this.y = (value) => this.top + (up[1] - value) / (up[1] - up[0]) * this.height;
    this.group = shape('g');
  }

  add(name, attributes, ...children) {
    this.group.append(shape(name, attributes, ...children));
  }

  text(x, y, content, kind = '') {
    this.add('text', { x: x.toFixed(1), y: y.toFixed(1), class: kind }, content);
  }

  line(x1, y1, x2, y2, kind) {
    const d = `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`;
    this.add('path', { d, class: kind });
  }

  frame(title) {
    const { left, top, width, height } = this;
    this.add('rect', { x: left, y: top, width, height, class: 'frame' });
    this.text(left + width / 2, top + height + 33, title, 'middle');
  }

  scale(values) {
    for (const value of values) {
      this.line(this.left, this.y(value), this.left + this.width, this.y(value), 'grid');
      this.text(this.left - 6, this.y(value) + 4, minus(value), 'end tick');
    }
  }

  title(text) {
    const middle = this.top + this.height / 2;
    const turned = `rotate(-90 14 ${middle})`;
    this.add('text', { x: 14, y: middle, class: 'middle', transform: turned }, text);
  }

  // A curve that is lifted where `breaks` says that a new line starts.
  curve(across, up, kind, breaks = new Set()) {
    const points = across.map((x, i) =>
      `${i && !breaks.has(i) ? 'L' : 'M'}${this.x(x).toFixed(1)} ${this.y(up[i]).toFixed(1)}`);
    this.add('path', { d: points.join(''), class: kind });
  }
}

function picture(width, height, label, ...axes) {
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', class: 'chart' };
  return shape('svg', { ...attributes, 'aria-label': label }, ...axes.map((one) => one.group));
}

function frequencyRange(values) {
  const [lowest, highest] = values.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [0, 0]);
  const room = 0.04 * (highest - lowest || 1);
  return [lowest < 0 ? lowest - room : 0, highest + room];
}

function shadeImaginary(axes, range) {
  if (range[0] >= 0) return;
  const [top, bottom] = [axes.y(0), axes.top + axes.height];
  axes.add('rect', { x: axes.left, y: top, width: axes.width, height: bottom - top, class: 'imaginary' });
  axes.line(axes.left, top, axes.left + axes.width, top, 'zero');
}

function drawBands(axes, bands, step, range) {
  const lengths = floats(bands.lengths);
  const values = integers(bands.frequencies, step);
  axes.scale(ticks(...range, 6));
  axes.title('Frequency (THz)');
  let before = -Infinity;
  for (const [place, name] of bands.ticks) {
    axes.line(axes.x(place), axes.top, axes.x(place), axes.top + axes.height, 'special');
    // Names that would touch the one before are left out; their lines stay.
    if (axes.x(place) - before < 5 + 7 * name.length) continue;
    axes.text(axes.x(place), axes.top + axes.height + 16, name, 'middle tick');
    before = axes.x(place) + 2 * name.length;
  }
  const breaks = new Set(bands.breaks);
  for (let start = 0; start < values.length; start += bands.points) {
    axes.curve(lengths, values.slice(start, start + bands.points), 'band', breaks);
  }
}

function drawDos(axes, dos, step) {
  const frequencies = integers(dos.frequencies, step);
  const shares = integers(dos.shares, 1e-4);
  axes.curve([0, ...shares, 0], [frequencies[0], ...frequencies, frequencies.at(-1)], 'area');
  axes.curve(shares, frequencies, 'band');
}

function phononChart(phonons, step, width, label) {
  const height = Math.min(340, Math.max(240, 0.55 * width));
  const all = [phonons.bands, phonons.dos].filter(Boolean).flatMap((one) => integers(one.frequencies, step));
  const range = frequencyRange(all);
  const inner = { top: MARGIN.top, height: height - MARGIN.top - MARGIN.bottom };
  const room = width - MARGIN.left - MARGIN.right;
  const share = phonons.bands && phonons.dos ? 0.74 : Number(Boolean(phonons.bands));
  const drawn = [];
  if (phonons.bands) {
    const [first, last] = [floats(phonons.bands.lengths)[0], floats(phonons.bands.lengths).at(-1)];
    const axes = new Axes({ ...inner, left: MARGIN.left, width: room * share - (share < 1 ? 10 : 0) }, [first, last], range);
    shadeImaginary(axes, range);
    drawBands(axes, phonons.bands, step, range);
    axes.frame('');
    drawn.push(axes);
  }
  if (phonons.dos) {
    const axes = new Axes({ ...inner, left: MARGIN.left + room * share, width: room * (1 - share) }, [0, 1.08], range);
    shadeImaginary(axes, range);
    if (!phonons.bands) axes.scale(ticks(...range, 6));
    drawDos(axes, phonons.dos, step);
    axes.frame('DOS');
    drawn.push(axes);
  }
  return picture(width, height, label, ...drawn);
}

function diffractionChart(peaks, width, label) {
  const height = Math.min(300, Math.max(220, 0.5 * width));
  const angles = peaks.map(([angle]) => angle);
  const range = [Math.min(10, ...angles), Math.max(90, ...angles)];
  const axes = new Axes({
    left: MARGIN.left, top: MARGIN.top, width: width - MARGIN.left - MARGIN.right,
    height: height - MARGIN.top - MARGIN.bottom,
  }, range, [0, 112]);
  axes.scale([0, 50, 100]);
  axes.title('Intensity (%)');
  for (const angle of ticks(...range, width / 80)) {
    axes.text(axes.x(angle), axes.top + axes.height + 16, angle, 'middle tick');
  }
  const named = [];
  for (const [angle, intensity, indices] of [...peaks].sort((a, b) => b[1] - a[1])) {
    const x = axes.x(angle);
    axes.line(x, axes.y(0), x, axes.y(intensity), 'stick');
    axes.group.lastChild.append(shape('title', {}, `${angle.toFixed(2)}°, ${intensity.toFixed(1)} %${indices ? `, ${indices}` : ''}`));
    // The strongest peaks are named where there is room for it.
    const half = 3.4 * (indices?.length ?? 0);
    const taken = named.some(([place, size]) => Math.abs(place - x) < size + half + 4);
    const behind = peaks.some(([other, height]) => height > intensity && Math.abs(axes.x(other) - x) < half + 2);
    if (!indices || intensity < 8 || taken || behind) continue;
    axes.text(Math.min(x, axes.left + axes.width - half), axes.y(intensity) - 5, indices, 'middle tick');
    named.push([x, half]);
  }
  axes.frame('Scattering angle 2θ (°)');
  return picture(width, height, label, axes);
}
