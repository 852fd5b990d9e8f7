/**
 * Addresses to which a name of the public internet never leads, by what they are. Whoever can choose what a name leads to tries these; each is an answer of
 * a resolver.
 */
export const hostileAnswers: Readonly<Record<string, readonly string[]>> = {
  'this network': ['0.0.0.0', '0.0.0.1', '0.1.2.3', '0.255.255.255'],
  private: [
    ...['10.0.0.0', '10.0.0.1', '10.1.2.3', '10.255.255.255'],
    ...['172.16.0.0', '172.16.0.1', '172.20.10.1', '172.31.255.255'],
    ...['192.168.0.0', '192.168.0.1', '192.168.178.1', '192.168.255.255'],
  ],
  'shared by carriers': ['100.64.0.0', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
  loopback: ['127.0.0.0', '127.0.0.1', '127.0.0.53', '127.0.1.1', '127.1.2.3', '127.255.255.255'],
  'link-local': ['169.254.0.0', '169.254.0.1', '169.254.76.1', '169.254.255.255'],
  'credentials of machines': [
    ...['169.254.169.254', '169.254.169.253', '169.254.169.123', '169.254.170.2', '169.254.170.23'],
    ...['192.0.0.192', '168.63.129.16'],
    ...['fd00:ec2::254', 'fd00:ec2::253', 'fd00:ec2::123', 'fd00:ec2::23', 'fd20:ce::254'],
    ...['fd00:0ec2:0000:0000:0000:0000:0000:0254', 'FD00:EC2::254'],
  ],
  'assigned to protocols': ['192.0.0.0', '192.0.0.8', '192.0.0.170', '192.0.0.255'],
  documentation: [
    ...['192.0.2.0', '192.0.2.1', '192.0.2.255', '198.51.100.1', '198.51.100.255', '203.0.113.1'],
    ...['203.0.113.255', '2001:db8::', '2001:db8::1', '2001:db8:ffff::1', '3fff::1', '3fff:fff::1'],
  ],
  relays: ['192.88.99.1', '192.31.196.1', '192.52.193.1', '192.175.48.1', '2620:4f:8000::1'],
  benchmarks: ['198.18.0.0', '198.18.0.1', '198.19.255.255', '2001:2::1'],
  multicast: [
    ...['224.0.0.0', '224.0.0.1', '224.0.0.251', '232.1.1.1', '239.255.255.250', '239.255.255.255'],
    ...['ff00::', 'ff01::1', 'ff02::1', 'ff02::fb', 'ff05::1:3', 'ff0e::1'],
  ],
  reserved: ['240.0.0.0', '240.0.0.1', '250.1.2.3', '255.255.255.254', '255.255.255.255'],
  'loopback and none': [
    ...['::', '::1', '0:0:0:0:0:0:0:0', '0:0:0:0:0:0:0:1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ],
  'unique local': ['fc00::', 'fc00::1', 'fcff:ffff::1', 'fd00::1', 'fd12:3456:789a::1', 'fdff:ffff:ffff::1'],
  'link-local of IPv6': ['fe80::', 'fe80::1', 'fe80::a00:27ff:fe4e:66a1', 'fe80:0:0:1::1', 'febf:ffff::1'],
  'site-local': ['fec0::1', 'feff:ffff::1'],
  'IPv4, mapped': [
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:a00:1', '::ffff:169.254.169.254'],
    ...['::ffff:a9fe:a9fe', '::ffff:192.168.0.1', '::ffff:0.0.0.0', '::ffff:100.64.0.1', '::FFFF:127.0.0.1'],
    ...['0:0:0:0:0:ffff:127.0.0.1', '0:0:0:0:0:ffff:7f00:1', '::ffff:8.8.8.8', '::ffff:808:808'],
  ],
  'IPv4, compatible': [
    '::127.0.0.1',
    '::7f00:1',
    '::10.0.0.1',
    '::169.254.169.254',
    '::a9fe:a9fe',
    '::8.8.8.8',
  ],
  'IPv4, translated': ['::ffff:0:127.0.0.1', '::ffff:0:7f00:1', '::ffff:0:a9fe:a9fe'],
  NAT64: [
    ...['64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::10.0.0.1'],
    ...['64:ff9b::8.8.8.8', '64:ff9b:1::1', '64:ff9b:1::a9fe:a9fe'],
  ],
  '6to4': [
    '2002::',
    '2002:7f00:1::',
    '2002:7f00:1::1',
    '2002:a9fe:a9fe::',
    '2002:a00:1::1',
    '2002:c0a8:1::1',
  ],
  Teredo: ['2001::', '2001::1', '2001:0:7f00:1::', '2001:0:5ef5:79fb:0:59d:80ff:fffe', '2001:0:a9fe:a9fe::1'],
  'identifiers and discards': ['2001:10::1', '2001:20::1', '2001:1::1', '100::', '100::1', '100:0:0:1::1'],
  'not given out': [
    '1::1',
    '200::1',
    '400::1',
    '4000::1',
    '5f00::1',
    '8000::1',
    'a000::1',
    'e000::1',
    'f000::1',
  ],
  'with a zone': ['fe80::1%eth0', 'fe80::1%25eth0', 'fe80::1%1', '::1%lo', '2606:4700::1111%eth0'],
  'no address': [
    ...[' ', 'localhost', '127.1', '0x7f000001', '2130706433', '017700000001', '1.2.3', '1.2.3.4.5'],
    ...['256.1.1.1', '1.2.3.4 ', ' 1.2.3.4', '[::1]', '::1::', '12345::', 'fe80', '1.2.3.04', '1.2.3.4/32'],
  ],
}

/** URLs that are written so that one reader takes them for something else than the other, by how. `SAFE` is a host of the list. */
export const hostileUrls: Readonly<Record<string, readonly string[]>> = {
  'decimal, octal, hexadecimal and short forms of an address that is named': [
    ...['https://2130706433/', 'https://017700000001/', 'https://0x7f000001/', 'https://0X7F000001/'],
    ...[
      'https://127.1/',
      'https://127.0.1/',
      'https://0177.0.0.1/',
      'https://0x7f.0.0.1/',
      'https://0x7f.1/',
    ],
    ...['https://0177.1/', 'https://127.0.0.01/', 'https://127.00.0.1/', 'https://0x7F.0x0.0x0.0x1/'],
    ...['https://127.0x1/', 'https://127.65535/', 'https://00000177.0.0.1/', 'https://127.0.0.1./'],
    ...['https://167772161/', 'https://10.1/', 'https://0xa.1/', 'https://012.0.0.1/', 'https://2851995902/'],
    ...['https://127.0.0.0x1/', 'https://0x7f000001./', 'https://127.000.000.001/', 'https://4294967295/'],
  ],
  'forms of IPv6 that are not the usual one': [
    ...['https://[0:0:0:0:0:0:0:1]/', 'https://[::0:1]/', 'https://[0000::1]/', 'https://[::01]/'],
    ...['https://[::ffff:127.0.0.1]/', 'https://[::127.0.0.1]/', 'https://[fe80::1%25eth0]/'],
    ...[
      'https://[fe80::1%eth0]/',
      'https://[::1%25lo]/',
      'https://[::1]x/',
      'https://x[::1]/',
      'https://[::1/',
    ],
    ...[
      'https://::1/',
      'https://[]/',
      'https://[v1.::1]/',
      'https://[127.0.0.1]/',
      'https://[::1].example.com/',
    ],
  ],
  'letters and dots that look like others': [
    ...['https://①②⑦.⓪.⓪.①/', 'https://127。0。0。1/', 'https://127．0．0．1/', 'https://127｡0｡0｡1/'],
    ...[
      'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
      'https://api。example。com/',
      'https://api．example．com/',
      'https://ａｐｉ.example.com/',
    ],
    ...[
      'https://аpi.example.com/',
      'https://api.examp1e.com/',
      'https://api.exam‐ple.com/',
      'https://ap\u0131.example.com/',
    ],
    ...['https://api.example.com\u200b/', 'https://api\u00ad.example.com/', 'https://\u202eapi.example.com/'],
    ...[
      'https://api.ex\u0430mple.com/',
      'https://api.example.\u0441om/',
      'https://１２７.0.0.1/',
      'https://api.eⅹample.com/',
    ],
    ...[
      'https://ſafe.example.com/',
      'https://api.example.com\u3002evil.example/',
      'https://xn--pi-7kc.example.org/',
    ],
  ],
  'escapes in the host': [
    ...[
      'https://%6cocalhost/',
      'https://127%2e0%2e0%2e1/',
      'https://api%2eexample%2ecom/',
      'https://%31%32%37.0.0.1/',
    ],
    ...[
      'https://api.example.com%00.evil.example/',
      'https://api.example.com%2f@evil.example/',
      'https://%5b::1%5d/',
    ],
    ...[
      'https://evil.example%23.api.example.com/',
      'https://api.example.com%20/',
      'https://api.example.com%3a443/',
    ],
  ],
  'users and passwords': [
    ...[
      'https://api.example.com@evil.example/',
      'https://user@api.example.com/',
      'https://user:word@api.example.com/',
    ],
    ...['https://@api.example.com/', 'https://:@api.example.com/', 'https://api.example.com:443@127.0.0.1/'],
    ...[
      'https://evil.example@api.example.com/',
      'https://a@b@api.example.com/',
      'https://api.example.com%40@10.0.0.1/',
    ],
    ...['https://api.example.com:pass@[::1]/', 'https://169.254.169.254@api.example.com/'],
  ],
  'backslashes, white space and control characters': [
    ...[
      'https:\\\\127.0.0.1\\',
      'https://api.example.com\\@evil.example/',
      'https://evil.example\\.api.example.com/',
    ],
    ...[
      'https://api.example.com\t/',
      'https://api.exam\nple.com/',
      'https://127.0.0.1\r\n/',
      ' https://api.example.com/',
    ],
    ...[
      'https://api.example.com /',
      'https://api.example.com/ HTTP/1.1\r\nHost: evil',
      'https://api.example.com/\u0000',
    ],
    ...[
      'https://api.example.com/\u007f',
      'https://api.example.com/a b',
      'ht\ntps://api.example.com/',
      '\u00a0https://api.example.com/',
    ],
    ...[
      'https://api.example.com/\r\nX-Injected: 1',
      'https://api.example.com/\u2028',
      'https:/\\api.example.com/',
    ],
  ],
  'dots too many': [
    ...[
      'https://api.example.com./',
      'https://localhost./',
      'https://api.example.com../',
      'https://.api.example.com/',
    ],
    ...[
      'https://api..example.com/',
      'https://a..hooks.example.com/',
      'https://./',
      'https://../',
      'https://[::1]./',
    ],
  ],
  'other schemes': [
    ...[
      'ftp://api.example.com/',
      'file:///etc/passwd',
      'gopher://127.0.0.1:6379/_INFO',
      'dict://127.0.0.1:11211/',
    ],
    ...[
      'data:text/plain,x',
      'javascript:alert(1)',
      'ws://api.example.com/',
      'wss://api.example.com/',
      'blob:https://x/',
    ],
    ...[
      'unix:///var/run/docker.sock',
      'ldap://127.0.0.1/',
      'jar:https://api.example.com!/',
      '//api.example.com/',
    ],
    ...[
      'api.example.com',
      '/etc/passwd',
      '',
      'https',
      'https:',
      'https:api.example.com',
      'https:/api.example.com',
      'about:blank',
    ],
  ],
  'ports that are not on the list': [
    ...['https://api.example.com:22/', 'https://api.example.com:80/', 'https://api.example.com:6379/'],
    ...['https://api.example.com:0/', 'https://api.example.com:65536/', 'https://api.example.com:99999/'],
    ...['https://api.example.com:-1/', 'https://api.example.com:443x/', 'https://api.example.com:443:80/'],
    ...[
      'https://api.example.com:/',
      'https://api.example.com:0x1bb/',
      'https://127.0.0.1:9001/',
      'https://10.0.0.1:22/',
    ],
  ],
  'in the clear': [
    'http://api.example.com/',
    'http://api.example.com:443/',
    'http://127.0.0.1/',
    'http://a.hooks.example.com/',
  ],
  'hosts that end or begin like one of the list': [
    ...[
      'https://api.example.com.evil.example/',
      'https://evilapi.example.com/',
      'https://hooks.example.com/',
    ],
    ...[
      'https://evilhooks.example.com/',
      'https://a.hooks.example.com.evil.example/',
      'https://example.com/',
    ],
    ...['https://localhost/', 'https://localhost.localdomain/', 'https://metadata.google.internal/'],
    ...[
      'https://metadata/',
      'https://instance-data/',
      'https://127.0.0.1.nip.io/',
      'https://kubernetes.default.svc/',
    ],
    ...[
      'https://api-example.com/',
      'https://api.example.co/',
      'https://*.hooks.example.com/',
      'https://a_b.hooks.example.com/',
    ],
  ],
  'addresses that no CIDR names': [
    ...[
      'https://169.254.169.254/',
      'https://169.254.170.2/',
      'https://100.100.100.200/',
      'https://168.63.129.16/',
    ],
    ...[
      'https://192.168.0.1/',
      'https://172.16.0.1/',
      'https://0.0.0.0/',
      'https://0/',
      'https://[::]/',
      'https://255.255.255.255/',
    ],
    ...[
      'https://[fd00:ec2::254]/',
      'https://[fe80::1]/',
      'https://[::ffff:a9fe:a9fe]/',
      'https://[64:ff9b::a9fe:a9fe]/',
    ],
    ...[
      'https://[2002:a9fe:a9fe::]/',
      'https://[ff02::1]/',
      'https://8.8.8.8/',
      'https://[2606:4700::1111]/',
    ],
  ],
}
