// Instanced boxes in WebGL2, lit by one lamp: as little as a hall needs.
import type { Rgb } from "../../draw/scale";
import type { Box } from "./geometry";

export interface Camera {
  turn: number;
  tilt: number;
  zoom: number;
}

export interface Solid extends Box {
  h: number;
}

const vertex = `#version 300 es
layout(location=0) in vec3 corner;
layout(location=1) in vec3 normal;
layout(location=2) in vec4 place;
layout(location=3) in vec2 size;
layout(location=4) in vec3 tint;
uniform mat4 camera;
out vec3 shade;
void main() {
  vec3 p = vec3(place.x + corner.x * place.z, corner.y * size.x, place.y + corner.z * place.w);
  float light = 0.62 + 0.38 * max(0.0, dot(normal, normalize(vec3(0.35, 1.0, 0.55))));
  shade = tint * light;
  gl_Position = camera * vec4(p, 1.0);
}`;

const fragment = `#version 300 es
precision mediump float;
in vec3 shade;
out vec4 colour;
void main() { colour = vec4(shade, 1.0); }`;

export class Boxes {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly tints: WebGLBuffer;
  private readonly array: WebGLVertexArrayObject;
  private count = 0;

  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL2");
    this.gl = gl;
    const compile = (type: number, source: string): WebGLShader => {
      const s = gl.createShader(type)!;
      gl.shaderSource(s, source);
      gl.compileShader(s);
      if (!gl.getShaderParameter(s, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(s) ?? "shader");
      return s;
    };
    this.program = gl.createProgram()!;
    gl.attachShader(this.program, compile(gl.VERTEX_SHADER, vertex));
    gl.attachShader(this.program, compile(gl.FRAGMENT_SHADER, fragment));
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS))
      throw new Error(gl.getProgramInfoLog(this.program) ?? "program");
    this.array = gl.createVertexArray()!;
    this.tints = gl.createBuffer()!;
  }

  place(boxes: Solid[]): void {
    const { gl } = this;
    this.count = boxes.length;
    gl.bindVertexArray(this.array);
    const attribute = (at: number, size: number, stride: number, offset: number, each: boolean) => {
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, gl.FLOAT, false, stride, offset);
      if (each) gl.vertexAttribDivisor(at, 1);
    };
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, cube(), gl.STATIC_DRAW);
    attribute(0, 3, 24, 0, false);
    attribute(1, 3, 24, 12, false);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(
      gl.ARRAY_BUFFER,
      Float32Array.from(boxes.flatMap((b) => [b.x + 0.02, b.y, b.w - 0.04, b.d, b.h, 0])),
      gl.STATIC_DRAW,
    );
    attribute(2, 4, 24, 0, true);
    attribute(3, 2, 24, 16, true);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.tints);
    gl.bufferData(gl.ARRAY_BUFFER, boxes.length * 12, gl.DYNAMIC_DRAW);
    attribute(4, 3, 12, 0, true);
  }

  tint(of: (i: number) => Rgb): void {
    const { gl } = this;
    const data = new Float32Array(this.count * 3);
    for (let i = 0; i < this.count; i++) {
      const [r, g, b] = of(i);
      data[i * 3] = r / 255;
      data[i * 3 + 1] = g / 255;
      data[i * 3 + 2] = b / 255;
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.tints);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, data);
  }

  draw(camera: Camera, focus: Box, [r, g, b]: Rgb): void {
    const { gl } = this;
    const el = gl.canvas as HTMLCanvasElement;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const [w, h] = [Math.round(el.clientWidth * ratio), Math.round(el.clientHeight * ratio)];
    if (el.width !== w || el.height !== h) {
      el.width = w;
      el.height = h;
    }
    gl.viewport(0, 0, w, h);
    gl.clearColor(r / 255, g / 255, b / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    gl.useProgram(this.program);
    gl.uniformMatrix4fv(
      gl.getUniformLocation(this.program, "camera"),
      false,
      matrix(camera, focus, w / Math.max(1, h)),
    );
    gl.bindVertexArray(this.array);
    gl.drawArraysInstanced(gl.TRIANGLES, 0, 36, this.count);
  }

  free(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

/** Twelve triangles with their normals, counter-clockwise from outside. */
function cube(): Float32Array {
  const out: number[] = [];
  for (let axis = 0; axis < 3; axis++) {
    for (const end of [0, 1]) {
      const n = [0, 0, 0];
      n[axis] = end ? 1 : -1;
      const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
      const at = (a: number, b: number) => {
        const p = [0, 0, 0];
        p[axis] = end;
        p[u] = a;
        p[v] = b;
        return p;
      };
      const quad = end ? [at(0, 0), at(1, 0), at(1, 1), at(0, 1)] : [at(0, 0), at(0, 1), at(1, 1), at(1, 0)];
      for (const i of [0, 1, 2, 0, 2, 3]) out.push(...quad[i]!, ...n);
    }
  }
  return Float32Array.from(out);
}

function matrix(c: Camera, focus: Box, aspect: number): Float32Array {
  const size = Math.max(focus.w / Math.max(aspect, 0.2), focus.d, 4);
  const distance = (size * 1.25) / c.zoom;
  const [cx, cz] = [focus.x + focus.w / 2, focus.y + focus.d / 2];
  const eye = [
    cx + distance * Math.cos(c.tilt) * Math.sin(c.turn),
    distance * Math.sin(c.tilt) + 1,
    cz + distance * Math.cos(c.tilt) * Math.cos(c.turn),
  ];
  const z = unit([eye[0]! - cx, eye[1]! - 0.6, eye[2]! - cz]);
  const x = unit(cross([0, 1, 0], z));
  const y = cross(z, x);
  const dot = (a: number[], b: number[]) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
  const f = 1 / Math.tan(0.42);
  const [near, far] = [distance / 50 + 0.05, distance * 6 + size * 3];
  const [p, q] = [(far + near) / (near - far), (2 * far * near) / (near - far)];
  const view = [x, y, z].map((a) => [a[0]!, a[1]!, a[2]!, -dot(a, eye)]);
  const rows = [
    view[0]!.map((v) => (v * f) / aspect),
    view[1]!.map((v) => v * f),
    view[2]!.map((v, i) => v * p + (i === 3 ? q : 0)),
    view[2]!.map((v) => -v),
  ];
  const out = new Float32Array(16);
  for (let r = 0; r < 4; r++) for (let k = 0; k < 4; k++) out[k * 4 + r] = rows[r]![k]!;
  return out;
}

const cross = (a: number[], b: number[]) => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];
const unit = (a: number[]) => {
  const n = Math.hypot(...a) || 1;
  return a.map((v) => v / n);
};

/** Where a point in metres is seen, in pixels. */
export function project(
  c: Camera,
  focus: Box,
  width: number,
  height: number,
): (x: number, y: number, z: number) => [number, number] {
  const m = matrix(c, focus, width / Math.max(1, height));
  return (x, y, z) => {
    const at = (r: number) => m[r]! * x + m[4 + r]! * y + m[8 + r]! * z + m[12 + r]!;
    const w = at(3) || 1;
    return [((at(0) / w + 1) * width) / 2, ((1 - at(1) / w) * height) / 2];
  };
}
