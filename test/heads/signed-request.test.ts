import { describe, expect, test } from 'vitest'
import { type PlainRequest, signRequest } from '../../functions/signed-request.ts'

/** The examples of AWS ("Authenticating Requests: Using the Authorization Header", S3 API reference), with its example key. */
const caller = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const address = 'https://examplebucket.s3.amazonaws.com'
const get = { service: 's3', method: 'GET', headers: {}, body: '' } as const
const examples: readonly (readonly [string, PlainRequest, string])[] = [
  [
    'an object, in part',
    { ...get, url: new URL(`${address}/test.txt`), headers: { range: 'bytes=0-9' } },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'an upload, under a name that has to be encoded',
    {
      ...get,
      method: 'PUT',
      url: new URL(`${address}/test$file.text`),
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      body: 'Welcome to Amazon S3.',
    },
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    'a setting, by a name without a value',
    { ...get, url: new URL(`${address}/?lifecycle`) },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'a list, with a query',
    { ...get, url: new URL(`${address}/?max-keys=2&prefix=J`) },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
]

describe('a signed request', () => {
  test.each(examples)('is signed as AWS signs %s', (_, request, signature) => {
    const { authorization } = signRequest(request, caller, 'us-east-1', '2013-05-24T00:00:00.000Z')
    expect(authorization).toMatch(new RegExp(`, Signature=${signature}$`))
    expect(authorization).toContain(
      'Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=',
    )
  })

  test('carries the token of a role, signed', () => {
    const [[, request] = []] = examples
    if (!request) throw new Error('There is no example.')
    const headers = signRequest(
      request,
      { ...caller, sessionToken: 'token' },
      'us-east-1',
      '2013-05-24T00:00:00.000Z',
    )
    expect(headers).toMatchObject({
      'x-amz-security-token': 'token',
      authorization: expect.stringContaining(';x-amz-security-token,'),
    })
  })
})
