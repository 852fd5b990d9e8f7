import { afterEach, describe, expect, test, vi } from 'vitest'
import { connect, outbound, secrets } from '../../functions/connections.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a function that calls other systems', () => {
  test('is told which, and calls none when it is told nothing', async () => {
    vi.stubEnv('OUTBOUND_HOSTS', '')
    const { outbound: opened } = connect({ outbound, secrets })
    expect(await opened.send({ method: 'GET', url: 'https://api.example.com/' })).toEqual({
      kind: 'refused',
      code: 'host',
      why: 'api.example.com is not among the OutboundHosts of this deployment.',
    })
  })

  test('does not start where it is not told', () => {
    vi.stubEnv('OUTBOUND_HOSTS', undefined)
    expect(() => connect({ outbound })).toThrow('not set: OUTBOUND_HOSTS.')
  })

  test('says what it cannot read', () => {
    vi.stubEnv('OUTBOUND_HOSTS', 'api.example.com, *')
    expect(() => connect({ outbound }).outbound).toThrow('OutboundHosts cannot be read at "*"')
  })
})
