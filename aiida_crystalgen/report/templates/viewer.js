// A small viewer of crystals on a 2D canvas: shaded spheres, bonds and cell edges in perspective,
// drawn from the farthest to the nearest.

const SPHERE = 0.45; // drawn radius, as a share of the covalent radius
const BOND_WIDTH = 0.17; // Å
const EDGE_PIECES = 12; // so that an edge can pass behind one atom and before another
const AXIS_COLOURS = [[213, 94, 0], [0, 158, 115], [0, 114, 178]];

const mix = (from, to, share) => from.map((part, k) => Math.round(part + (to[k] - part) * share));
const css = (colour) => `rgb(${colour.join(',')})`;
const pageColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name)
  .match(/\w\w/g).map((part) => parseInt(part, 16));

class StructureViewer {
  constructor(canvas, elements) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.elements = elements;
    this.repeat = 1;
    this.resetView();
    this.listenToPointers(canvas);
    this.listenToKeys(canvas);
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  show(structure, repeat = this.repeat) {
    this.structure = structure;
    this.repeat = repeat;
    this.atoms = repeatedAtoms(structure, this.elements, repeat);
    this.bonds = bondedPairs(this.atoms);
    this.edges = structure.lattice ? cellEdges(structure.lattice, repeat) : [];
    const places = structure.lattice ? this.edges.flat() : structure.positions;
    this.radius = 0.7 + Math.max(...places.map((place) => Math.hypot(...place)));
    this.canvas.setAttribute('aria-label', `${structure.lattice ? 'Crystal structure' : 'Cluster'} of ${structure.label}`);
    this.draw();
  }

  resetView() {
    this.zoom = 1;
    this.turned = multiply(rotation(0, -1.36), rotation(2, -0.32));
    if (this.structure) this.draw();
  }

  turn(right, down) {
    this.turned = multiply(multiply(rotation(0, down), rotation(1, right)), this.turned);
    this.draw();
  }

  scale(factor) {
    this.zoom = Math.min(8, Math.max(0.3, this.zoom * factor));
    this.draw();
  }

  listenToPointers(canvas) {
    const pointers = new Map();
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    canvas.addEventListener('pointermove', (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const here = [event.clientX, event.clientY];
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const span = ([x, y]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
      pointers.set(event.pointerId, here);
      if (other) this.scale(span(here) / span(last));
      else this.turn((here[0] - last[0]) * 0.009, (here[1] - last[1]) * 0.009);
    });
    for (const name of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(name, (event) => pointers.delete(event.pointerId));
    }
    // Only once clicked, so that scrolling the page never stops over the viewer.
    canvas.addEventListener('wheel', (event) => {
      if (document.activeElement !== canvas) return;
      event.preventDefault();
      this.scale(Math.exp(-event.deltaY * 0.0015));
    }, { passive: false });
    canvas.addEventListener('dblclick', () => this.resetView());
  }

  listenToKeys(canvas) {
    const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const zooms = { '+': 1.15, '=': 1.15, '-': 1 / 1.15 };
    canvas.addEventListener('keydown', (event) => {
      if (event.key in turns) this.turn(...turns[event.key].map((sign) => sign * 0.12));
      else if (event.key in zooms) this.scale(zooms[event.key]);
      else return;
      event.preventDefault();
    });
  }

  // Pixel, pixels per Å and depth (0 nearest, 1 farthest) of a point in Å.
  project(point) {
    const [x, y, z] = apply(this.turned, point);
    const scale = this.pixels * 3.5 * this.radius / (3.5 * this.radius - z);
    const depth = Math.min(1, Math.max(0, 0.5 - z / (2 * this.radius)));
    return { x: this.middle[0] + x * scale, y: this.middle[1] - y * scale, scale, depth };
  }

  draw() {
    const { canvas, context } = this;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!this.structure || !width || !height) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    context.scale(ratio, ratio);
    this.middle = [width / 2, height / 2];
    this.pixels = this.zoom * Math.min(width, height) / (2.15 * this.radius);
    this.usePageColours();
    const parts = [...this.edgeParts(), ...this.bondParts(), ...this.atomParts()];
    parts.sort((a, b) => b.depth - a.depth).forEach((part) => part.paint());
    if (this.structure.lattice) this.drawAxes(height);
  }

  usePageColours() {
    const paper = pageColour('--card');
    if (String(paper) !== String(this.paper)) this.sprites = {};
    this.paper = paper;
    this.ink = pageColour('--muted');
  }

  fogged(colour, depth) {
    return css(mix(colour, this.paper, 0.6 * depth * depth));
  }

  line(from, to, colour, width) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  }

  stretch(start, way, shares) {
    const [from, to] = shares.map((share) => this.project(start.map((x, k) => x + way[k] * share)));
    return { from, to, depth: (from.depth + to.depth) / 2 };
  }

  edgeParts() {
    return this.edges.flatMap(([start, end]) => [...Array(EDGE_PIECES).keys()].map((piece) => {
      const way = end.map((x, k) => (x - start[k]) / EDGE_PIECES);
      const { from, to, depth } = this.stretch(start, way, [piece, piece + 1]);
      return { depth, paint: () => this.line(from, to, this.fogged(this.ink, depth), 1.1) };
    }));
  }

  bondParts() {
    return this.bonds.flatMap((pair) => pair.map(({ element, position }, side) => {
      const way = pair[1 - side].position.map((x, k) => x - position[k]);
      const surface = Math.min(0.5, 0.92 * SPHERE * element.radius / Math.hypot(...way));
      const { from, to, depth } = this.stretch(position, way, [surface, 0.5]);
      const paint = () => {
        const dark = mix(element.colour, [0, 0, 0], 0.5);
        this.line(from, to, this.fogged(dark, depth), BOND_WIDTH * from.scale);
        this.line(from, to, this.fogged(element.colour, depth), 0.6 * BOND_WIDTH * from.scale);
      };
      return { depth, paint };
    }));
  }

  atomParts() {
    return this.atoms.map(({ element, position }) => {
      const at = this.project(position);
      const size = SPHERE * element.radius * at.scale;
      const paint = () =>
        this.context.drawImage(this.sprite(element, at.depth), at.x - size, at.y - size, 2 * size, 2 * size);
      return { depth: at.depth, paint };
    });
  }

  // One picture for each element and each of 16 depths, because gradients are slow to draw.
  sprite(element, depth) {
    const level = Math.round(depth * 15);
    const key = `${element.symbol} ${level}`;
    if (!(key in this.sprites)) this.sprites[key] = this.shadedSphere(element.colour, level / 15);
    return this.sprites[key];
  }

  shadedSphere(colour, depth) {
    const picture = document.createElement('canvas');
    picture.width = picture.height = 128;
    const context = picture.getContext('2d');
    const shade = context.createRadialGradient(46, 42, 4, 64, 64, 63);
    shade.addColorStop(0, this.fogged(mix(colour, [255, 255, 255], 0.75), depth));
    shade.addColorStop(0.35, this.fogged(colour, depth));
    shade.addColorStop(0.92, this.fogged(mix(colour, [0, 0, 0], 0.45), depth));
    shade.addColorStop(1, this.fogged(mix(colour, [0, 0, 0], 0.7), depth));
    context.fillStyle = shade;
    context.arc(64, 64, 63, 0, 2 * Math.PI);
    context.fill();
    return picture;
  }

  drawAxes(height) {
    const { context } = this;
    context.font = '600 12px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    this.structure.lattice.forEach((vector, axis) => {
      const [x, y] = apply(this.turned, vector.map((part) => part / Math.hypot(...vector)));
      const start = { x: 38, y: height - 38 };
      const colour = css(mix(AXIS_COLOURS[axis], this.ink, 0.15));
      this.line(start, { x: start.x + 20 * x, y: start.y - 20 * y }, colour, 2);
      context.fillStyle = colour;
      context.fillText('abc'[axis], start.x + 29 * x, start.y - 29 * y);
    });
  }
}
