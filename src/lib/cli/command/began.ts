let began = performance.timeOrigin;

/** When the command that runs was begun, in milliseconds since 1970: with the process, or later, from the menu. */
export const commandBegan = (): number => began;

/** A further command of the same process begins. */
export function commandBegins(): void {
  began = Date.now();
}
