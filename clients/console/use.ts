import { createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import type { AnswerOf } from '../../contracts/bodies.ts'
import type { Operation } from '../../contracts/routes.ts'
import { type Api, type Asked, Refused } from './api.ts'
import type { Session } from './person.ts'

/** Who looks, and what they ask. */
export interface Signed {
  readonly api: Api
  readonly session: Session
}

export const SignedIn = createContext<Signed | undefined>(undefined)

/** Returns who has signed in: pages are shown to nobody else. */
export function useSigned(): Signed {
  const signed = useContext(SignedIn)
  if (signed === undefined) throw new Error('Nobody has signed in.')
  return signed
}

/** What is known of what was asked for. What was read before stays beside what refuses it now. */
export interface Reading<Value> {
  readonly value: Value | undefined
  readonly refused: Refused | undefined
  /** Asks again, now. */
  again(): void
}

/** In milliseconds. */
export const often = 2000
export const seldom = 10_000
const longestPause = 60_000

/** Reads an operation, and again every so often while somebody looks at the page. `asked` undefined: nothing is asked. */
export function useRead<Name extends Operation>(
  operation: Name,
  asked: Asked | undefined = {},
  every: number = seldom,
): Reading<AnswerOf<Name>> {
  const { api } = useSigned()
  return useRepeated(() => api.read(operation, asked), asked && JSON.stringify([operation, asked]), every)
}

/** Returns after how many milliseconds to ask again who was refused. What is not there may have been asked for just now. */
function pauseAfter(status: number, last: number, every: number): number {
  if (status === 404) return every
  // Whoever is refused for what they ask is not helped by asking the same.
  return status >= 400 && status < 429 ? longestPause : Math.min(last * 2, longestPause)
}

/** Does a reading again every so often, as long as `key` is the same; undefined: not at all. */
export function useRepeated<Value>(
  read: () => Promise<Value>,
  key: string | undefined,
  every: number,
): Reading<Value> {
  const [known, setKnown] = useState<{ key: string; value?: Value; refused?: Refused }>()
  const [round, setRound] = useState(0)
  const reading = useRef(read)
  reading.current = read
  useEffect(() => {
    if (key === undefined) return
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let pause = every
    const ask = async (): Promise<void> => {
      clearTimeout(timer)
      if (document.hidden) return
      try {
        const value = await reading.current()
        if (over) return
        pause = every
        setKnown((before) =>
          before?.key === key && before.value === value && !before.refused ? before : { key, value },
        )
      } catch (error) {
        if (over) return
        const refused = error instanceof Refused ? error : new Refused(0, undefined)
        pause = pauseAfter(refused.status, pause, every)
        setKnown((before) => ({ ...(before?.key === key ? before : {}), key, refused }))
      }
      timer = setTimeout(() => void ask(), pause)
    }
    const seen = () => void ask()
    document.addEventListener('visibilitychange', seen)
    void ask()
    return () => {
      over = true
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [key, every, round])
  const own = known?.key === key ? known : undefined
  return { value: own?.value, refused: own?.refused, again: () => setRound((last) => last + 1) }
}
