// Compares secrets without telling by its time how much of them is right.

/** Whether a text that came in is the secret. Takes as long for any text of the same length. */
export function isSameText(given: string, secret: string): boolean {
  let difference = given.length ^ secret.length;
  for (let index = 0; index < given.length; index++)
    difference |= given.charCodeAt(index) ^ secret.charCodeAt(index % secret.length);
  return difference === 0;
}
