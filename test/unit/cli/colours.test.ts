import { describe, expect, it } from 'vitest';
import { OF_16, painter, READABLE, type Style } from '../../../src/lib/cli/terminal.ts';

/** What people have behind their text: the dark and the light ones that are most used. */
const BACKGROUNDS = {
  black: '#000000',
  'Visual Studio Code, dark': '#1e1e1e',
  'Solarized dark': '#002b36',
  Ubuntu: '#300a24',
  'One Dark': '#282c34',
  white: '#ffffff',
  'Solarized light': '#fdf6e3',
  'light grey': '#eeeeee',
};

type Rgb = readonly [number, number, number];

const ofHex = (hex: string) =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

/** The cube of six by six by six that xterm and all after it have from 16 on, and the greys behind it. */
function of256(index: number): Rgb {
  const grey = 8 + (index - 232) * 10;
  if (index >= 232) return [grey, grey, grey];
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const at = index - 16;
  return [level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6)];
}

/** Relative luminance and contrast as WCAG 2 has them. */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

describe('colours', () => {
  it('can be read on dark and on light: three to one at least, on each background', () => {
    for (const [name, index] of Object.entries(READABLE)) {
      expect(index, name).toBeGreaterThanOrEqual(16);
      for (const [background, hex] of Object.entries(BACKGROUNDS))
        expect(contrast(of256(index), ofHex(hex)), `${name} on ${background}`).toBeGreaterThanOrEqual(3);
    }
    expect(new Set(Object.values(READABLE)).size).toBe(7);
  });

  it('of a terminal of 16 are those that its own palette shows on black and on white', () => {
    // As xterm has them.
    const sixteen = {
      red: '#cd0000',
      green: '#00cd00',
      magenta: '#cd00cd',
      yellow: '#cdcd00',
      cyan: '#00cdcd',
    };
    for (const [name, hex] of Object.entries(sixteen)) {
      const least = Math.min(...['#000000', '#ffffff'].map((one) => contrast(ofHex(hex), ofHex(one))));
      expect(OF_16[name as Style] === undefined, name).toBe(least >= 2);
    }
    expect(painter(true, 4)('yellow', 'x')).toBe('\u001B[1mx\u001B[22m');
    expect(painter(true, 4)('blue', 'x')).toBe('\u001B[1mx\u001B[22m');
  });

  it('are those where the terminal has 256, its own sixteen where it has no more, none where none are wanted', () => {
    expect(painter(true, 8)('yellow', 'x')).toBe('\u001B[38;5;166mx\u001B[39m');
    expect(painter(true, 24)('red', 'x')).toBe('\u001B[38;5;196mx\u001B[39m');
    expect(painter(true, 8)('bold', 'x')).toBe('\u001B[1mx\u001B[22m');
    expect(painter(true, 8)('dim', 'x')).toBe('\u001B[38;5;244mx\u001B[39m');
    expect(painter(true, 4)('red', 'x')).toBe('\u001B[31mx\u001B[39m');
    expect(painter(false, 24)('yellow', 'x')).toBe('x');
  });
});
