import { describe, expect, it } from 'vitest'
import { type Came, whyNotThisWay } from '../../functions/api/client-certificate.ts'
import { certify } from '../../infra/local/certificates.ts'
import { openWorld } from './world.ts'

const domain = 'agents.example.com'
const authority = certify('Authority')
const shown = (name: string): Came => ({
  domainName: domain,
  authentication: { clientCert: { clientCertPem: certify(name, { by: authority }).cert } },
})
const [own, any] = [shown('target:cust_0001'), shown('machines of customer 17')]

describe('M18: where a domain is for agents', () => {
  it.each<[string, Came, boolean]>([
    ['the certificate of the target', own, true],
    ['one that says nothing of targets', any, true],
    ['one of another target', shown('target:cust_0002'), false],
    ['one of a target whose name begins so', shown('target:cust_00011'), false],
    ['one of another target, in other letters', shown('Target:cust_0002'), false],
    ['the domain in other letters', { ...own, domainName: 'Agents.Example.COM' }, true],
    ['the address of the API', { ...own, domainName: 'abc.execute-api.eu-central-1.amazonaws.com' }, false],
    ['no certificate', { domainName: domain }, false],
    ['no certificate at all', { domainName: domain, authentication: null }, false],
    [
      'what is none',
      { ...own, authentication: { clientCert: { clientCertPem: 'CN=target:cust_0001' } } },
      false,
    ],
    ['nothing', {}, false],
  ])('an agent comes by %s', (_, came, isLetIn) => {
    expect(whyNotThisWay(came, domain, 'cust_0001') === undefined).toBe(isLetIn)
    expect(whyNotThisWay(came, '', 'cust_0001')).toBeUndefined()
  })

  it('the authorizer lets nobody in otherwise, and neither does the function, whatever was let in before', async () => {
    const world = openWorld({ agentDomain: domain })
    await world.fleet(2)
    const bearer = await world.enrol('cust_0001', own)
    const check = (as: object, came?: Came) =>
      world.call('GET', '/api/v1/updates/check', { as: as as never, ...(came && { came }) })
    const authorization = `Bearer ${bearer}`
    const authorized = async (came: Came) =>
      (await world.authorize({ headers: { authorization }, requestContext: came })).isAuthorized
    expect([await authorized(own), await authorized({}), await authorized(shown('target:x'))]).toEqual([
      true,
      false,
      false,
    ])
    expect((await check({ bearer }, own)).status).toBe(200)
    // As the gateway has it that remembers what the authorizer has found.
    const remembered = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    expect((await check(remembered, own)).status).toBe(200)
    for (const came of [undefined, { domainName: domain }, shown('target:cust_0002')]) {
      const refused = await check(remembered, came)
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
    }
    expect((await world.call('GET', '/api/v1/targets')).status).toBe(200)
  })
})

it('certificates of every length can be read', () => {
  // What is coded into a multiple of 64 characters has no empty line at its end.
  for (let length = 1; length <= 60; length++)
    expect(certify('x'.repeat(length), { by: authority }).cert).not.toContain('\n\n')
})
