'use strict';

// A small viewer of crystals on a 2D canvas: shaded spheres, bonds and cell edges, drawn from the
// farthest to the nearest.

const BOND_SLACK = 1.15; // bonded when nearer than this times the sum of the covalent radii
const SPHERE = 0.45; // drawn radius, as a share of the covalent radius
const BOND_WIDTH = 0.17; // Å
const EDGE_PIECES = 12; // so that an edge can pass behind one atom and before another
const AXIS_COLOURS = [[213, 94, 0], [0, 158, 115], [0, 114, 178]];

const combine = (factors, vectors) =>
  [0, 1, 2].map((k) => factors.reduce((sum, factor, i) => sum + factor * vectors[i][k], 0));
const mix = (from, to, share) => from.map((part, k) => Math.round(part + (to[k] - part) * share));
const css = (colour) => `rgb(${colour.join(',')})`;
const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [bits & 1, (bits >> 1) & 1, bits >> 2]);

function rotation(axis, angle) {
  const [i, j] = [[1, 2], [2, 0], [0, 1]][axis];
  const matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  matrix[i][i] = matrix[j][j] = Math.cos(angle);
  matrix[j][i] = Math.sin(angle);
  matrix[i][j] = -matrix[j][i];
  return matrix;
}

const multiply = (a, b) => a.map((row) => combine(row, b));
const apply = (matrix, vector) =>
  matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]);

// The atoms of `repeat`³ cells, those on a border shown on both sides of it.
function repeatedAtoms(structure, elements, repeat) {
  const { lattice, numbers, coordinates } = structure;
  const centre = combine([repeat / 2, repeat / 2, repeat / 2], lattice);
  return coordinates.flatMap((coordinate, index) => {
    const home = coordinate.map((x) => (x > 0.9995 ? x - 1 : x));
    const shifts = home.map((x) => [...Array(repeat + 1).keys()].filter((n) => x + n < repeat + 5e-4));
    return shifts[0].flatMap((i) => shifts[1].flatMap((j) => shifts[2].map((k) => ({
      element: elements[numbers[index]],
      position: combine([home[0] + i, home[1] + j, home[2] + k], lattice).map((x, n) => x - centre[n]),
    }))));
  });
}

function bondedPairs(atoms) {
  const pairs = [];
  atoms.forEach((first, i) => {
    for (const second of atoms.slice(i + 1)) {
      const distance = Math.hypot(...first.position.map((x, k) => x - second.position[k]));
      const limit = BOND_SLACK * (first.element.radius + second.element.radius);
      if (distance < limit && distance > 0.1) pairs.push([first, second]);
    }
  });
  return pairs;
}

function cellEdges(lattice, repeat) {
  const at = (corner) => combine(corner.map((x) => (x - 0.5) * repeat), lattice);
  return corners.flatMap((start) => [0, 1, 2].filter((axis) => !start[axis]).map((axis) => {
    const end = start.map((x, k) => (k === axis ? 1 : x));
    return [at(start), at(end)];
  }));
}

class StructureViewer {
  constructor(canvas, elements) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.elements = elements;
    this.repeat = 1;
    this.resetView();
    this.listen();
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  show(structure, repeat = this.repeat) {
    this.structure = structure;
    this.repeat = repeat;
    this.atoms = repeatedAtoms(structure, this.elements, repeat);
    this.bonds = bondedPairs(this.atoms);
    this.edges = cellEdges(structure.lattice, repeat);
    this.radius = 0.7 + Math.max(...this.edges.flat().map((corner) => Math.hypot(...corner)));
    const formula = `${structure.label}, ${structure.numbers.length} atoms per cell`;
    this.canvas.setAttribute('aria-label', `Crystal structure of ${formula}`);
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

  listen() {
    const { canvas } = this;
    const pointers = new Map();
    const spread = () => {
      const [a, b] = [...pointers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    canvas.addEventListener('pointermove', (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const before = pointers.size === 2 ? spread() : 0;
      const [right, down] = [event.clientX - last.x, event.clientY - last.y];
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (pointers.size === 2) this.scale(spread() / before);
      else this.turn(right * 0.009, down * 0.009);
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
    canvas.addEventListener('keydown', (event) => {
      const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const zooms = { '+': 1.15, '=': 1.15, '-': 1 / 1.15 };
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
    const probe = getComputedStyle(canvas);
    this.paper = probe.getPropertyValue('--card').trim().match(/\w\w/g).map((x) => parseInt(x, 16));
    this.ink = probe.getPropertyValue('--muted').trim().match(/\w\w/g).map((x) => parseInt(x, 16));
    this.sprites = new Map();
    const parts = [...this.edgeParts(), ...this.bondParts(), ...this.atomParts()];
    parts.sort((a, b) => b.depth - a.depth).forEach((part) => part.paint());
    this.drawAxes(height);
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

  edgeParts() {
    return this.edges.flatMap(([start, end]) => [...Array(EDGE_PIECES).keys()].map((piece) => {
      const [from, to] = [piece, piece + 1].map((n) =>
        this.project(start.map((x, k) => x + (end[k] - x) * n / EDGE_PIECES)));
      const depth = (from.depth + to.depth) / 2;
      return { depth, paint: () => this.line(from, to, this.fogged(this.ink, depth), 1.1) };
    }));
  }

  bondParts() {
    return this.bonds.flatMap((pair) => pair.map((atom, side) => {
      const way = pair[1 - side].position.map((x, k) => x - atom.position[k]);
      const surface = 0.92 * SPHERE * atom.element.radius / Math.hypot(...way);
      const [from, to] = [Math.min(surface, 0.5), 0.5].map((share) =>
        this.project(atom.position.map((x, k) => x + way[k] * share)));
      const depth = (from.depth + to.depth) / 2;
      const dark = mix(atom.element.colour, [0, 0, 0], 0.5);
      const paint = () => {
        const width = BOND_WIDTH * from.scale;
        this.line(from, to, this.fogged(dark, depth), width);
        this.line(from, to, this.fogged(atom.element.colour, depth), width * 0.6);
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
    if (!this.sprites.has(key)) this.sprites.set(key, this.shadedSphere(element.colour, level / 15));
    return this.sprites.get(key);
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
