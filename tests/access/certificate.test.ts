import { describe, expect, it } from 'vitest';
import { certificateIdentity, targetGroupName } from '../../lib/access/certificate/certificate-identity.ts';
import { parseDistinguishedName } from '../../lib/access/certificate/distinguished-name.ts';
import { RequestHeaders } from '../../lib/protocol/request.ts';
import { evidenceOf } from '../support/identities.ts';

describe('parseDistinguishedName', () => {
  it.each([
    ['CN=pc1', [['CN', 'pc1']]],
    [
      'CN=pc1,OU=Sales,O=Contoso',
      [
        ['CN', 'pc1'],
        ['OU', 'Sales'],
        ['O', 'Contoso'],
      ],
    ],
    [
      'CN = pc1 , O = Contoso Ltd ',
      [
        ['CN', 'pc1'],
        ['O', 'Contoso Ltd'],
      ],
    ],
    [
      'CN=a+UID=17;O=x',
      [
        ['CN', 'a'],
        ['UID', '17'],
        ['O', 'x'],
      ],
    ],
    [
      'O=Sue\\, Grabbit and Runn,C=GB',
      [
        ['O', 'Sue, Grabbit and Runn'],
        ['C', 'GB'],
      ],
    ],
    [
      'CN="a,b",O=x',
      [
        ['CN', 'a,b'],
        ['O', 'x'],
      ],
    ],
    ['CN="a\\"b"', [['CN', 'a"b']]],
    ['CN=Lu\\C4\\8Di\\C4\\87', [['CN', 'Lučić']]],
    ['CN=Lučić', [['CN', 'Lučić']]],
    ['CN=\\ a\\ ', [['CN', ' a ']]],
    [
      '1.3.6.1.4.1.1466.0=#04024869,O=x',
      [
        ['1.3.6.1.4.1.1466.0', '#04024869'],
        ['O', 'x'],
      ],
    ],
    ['CN=', [['CN', '']]],
    ['CN=a\\2CO=b', [['CN', 'a,O=b']]],
  ])('%s', (text, attributes) => {
    expect(parseDistinguishedName(text)?.map(({ type, value }) => [type, value])).toEqual(attributes);
  });

  it.each(['', 'pc1', 'CN=a,', ',CN=a', 'CN=a\\', 'CN="a', 'CN="a"b', 'CN=\\C4', '=a', 'CN=a<b'])(
    '%j is none',
    (text) => {
      expect(parseDistinguishedName(text)).toBeUndefined();
    },
  );
});

describe('a certificate', () => {
  const identify = (subjects: readonly string[], principalFrom: string | null = 'subject') => {
    const headers = new RequestHeaders(
      subjects.map((subject) => ['x-amzn-mtls-clientcert-subject', subject] as const),
    );
    return certificateIdentity(evidenceOf({ headers, principalFrom, isCertificateVerified: true }));
  };
  const subject = 'CN=pc1,OU=Sales,O=Contoso';

  it.each([
    ['subject', subject],
    ['CN', 'pc1'],
    ['ou', 'Sales'],
  ])('its %s is the principal', async (from, principal) => {
    expect(await identify([subject], from)).toEqual({ kind: 'mtls', principal });
  });

  it.each([
    ['nothing', [], 'subject'],
    ['an empty subject', [''], 'subject'],
    ['two subjects', [subject, 'CN=admin'], 'subject'],
    ['one subject twice', [subject, subject], 'subject'],
    ['a subject without the attribute', [subject], 'UID'],
    ['a subject with two of them', ['CN=a,CN=b'], 'CN'],
    ['a subject that is no name, where a part of it counts', ['pc1'], 'CN'],
    ['an attribute that breaks a line', ['CN=a\\0Ab'], 'CN'],
    ['an attribute as long as a page', [`CN=${'a'.repeat(257)}`], 'CN'],
  ])('with %s is refused', async (_, subjects, from) => {
    await expect(identify(subjects, from)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });
});

describe('targetGroupName', () => {
  it.each([
    [
      'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/bits-prod-mtls-ping/6d0ecf831eec9f09',
      'bits-prod-mtls-ping',
    ],
    ['arn:aws-cn:elasticloadbalancing:cn-north-1:1:targetgroup/a/1', 'a'],
    ['', ''],
    ['bits-prod-mtls-ping', ''],
  ])('%s', (arn, name) => {
    expect(targetGroupName(arn)).toBe(name);
  });
});
