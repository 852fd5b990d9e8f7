import { cut } from '../../../events/cut.ts'

/** Marks of Markdown and HTML: what a target or a person said is shown as it is, and never as what it would draw or link. */
const marks = /[\\`*[\]|<>~&$]/g

/** Returns words of somebody else as plain text of one line. */
export function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(marks, String.raw`\$&`)
}

/** Returns what a system answered as code of one line, cut to so many characters. */
export function code(text: string, most: number): string {
  const line = text.replaceAll('`', "'").replace(/\s+/g, ' ').trim()
  if (line === '') return 'nothing'
  return `\`${cut(line, most)}\``
}
