/**
 * What a terminal obeys, or shows as something else than it is: control characters of both sets, what turns the direction of writing,
 * invisible characters, other ends of lines, halves of surrogate pairs.
 */
const commands =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu

const written = (character: string) => {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}

/** Returns a text as one line that a terminal only shows: what it would obey is written out, as `\x1b`. */
export function printable(text: string): string {
  return text.replaceAll(commands, written)
}

/** Returns a value as JSON that a terminal only shows. It means the same as what `JSON.stringify` writes. */
export function printableJson(value: unknown, indent?: number): string {
  const escaped = (character: string) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return (JSON.stringify(value, undefined, indent) ?? 'null').replaceAll(commands, escaped)
}

/** Returns a text cut to so many characters, with a sign that something is missing. */
export function cut(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** Returns a text in lines of at most so many characters, broken between words where that is possible. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/**
 * Returns a line in lines of at most so many characters. One that begins with a label, and two spaces or more behind it, goes on below the
 * word that follows the label.
 */
export function laidOut(line: string, width: number): string[] {
  if ([...line].length <= width) return [line]
  const [, label = '', text = line] = /^(\s*\S+\s{2,})(.*)$/s.exec(line) ?? []
  return wrapped(text, Math.max(20, width - label.length)).map(
    (part, place) => `${place === 0 ? label : ' '.repeat(label.length)}${part}`,
  )
}

/** Returns an instant to the minute, as tables have room for; what is none stays as it is. */
export function toMinute(instant: string | null): string | null {
  return instant?.replace(/:\d\d(\.\d+)?Z$/, 'Z') ?? null
}
