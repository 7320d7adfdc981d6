import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childrenNamed, childText, parseXml } from '../../../infra/local/s3/xml-reader.ts';
import { element, xmlDocument } from '../../../infra/local/s3/xml-writer.ts';

const parse = (text: string) => parseXml(Buffer.from(text));

describe('XML', () => {
  it('comes back as it was written, whatever characters it has', () => {
    const text = fc.string({ unit: 'binary' }).filter((value) => !/[\ufffe\uffff]/.test(value));
    fc.assert(
      fc.property(text, fc.array(text), (single, several) => {
        const root = element('Root', [
          element('Single', single),
          element('Absent', undefined),
          element('Number', 12),
          element(
            'Nested',
            several.map((each) => element('Each', each)),
          ),
        ]);
        for (const withNamespace of [true, false]) {
          const read = parse(xmlDocument(root, withNamespace));
          expect(read.name).toBe('Root');
          expect(childText(read, 'Single')).toBe(single);
          expect(childText(read, 'Absent')).toBeUndefined();
          expect(childText(read, 'Number')).toBe('12');
          const [nested] = childrenNamed(read, 'Nested');
          expect(nested?.children.map((child) => child.text)).toEqual(several);
        }
      }),
    );
  });

  it.each([
    ['<a>x</a>', 'x'],
    ['<?xml version="1.0" encoding="UTF-8"?>\n<a>x</a>\n', 'x'],
    ['<a xmlns="http://s3.amazonaws.com/doc/2006-03-01/" b=\'c\'>x</a>', 'x'],
    ['<s3:a xmlns:s3="urn:x">x</s3:a>', 'x'],
    ['<!-- before --><a>x<!-- inside -->y</a><!-- after -->', 'xy'],
    ['<a><![CDATA[<b>&amp;]]></a>', '<b>&amp;'],
    ['<a>&lt;&gt;&amp;&quot;&apos;&#10;&#x1F600;</a>', '<>&"\'\n😀'],
    ['<a/>', ''],
    ['<a ></a >', ''],
  ])('%s is read', (text, expected) => {
    expect(parse(text).text).toBe(expected);
  });

  it.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a><b></a></b>',
    '<a></a><b></b>',
    '<a></a>text',
    '<a b></a>',
    '<a b=c></a>',
    '<a>&unknown;</a>',
    '<a>& </a>',
    '<a>&#xD800;</a>',
    '<a>&#x110000;</a>',
    '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    '<a><?target?></a>',
    '<1/>',
    '<'.repeat(100),
    '<a>'.repeat(100) + '</a>'.repeat(100),
  ])('%s is MalformedXML', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'MalformedXML' }));
  });

  it('bytes that are no UTF-8 are MalformedXML', () => {
    expect(() => parseXml(Buffer.from('<a>\xff</a>', 'latin1'))).toThrow(
      expect.objectContaining({ code: 'MalformedXML' }),
    );
  });

  it('a child that comes twice where one is meant is MalformedXML', () => {
    expect(() => childText(parse('<a><b>1</b><b>2</b></a>'), 'b')).toThrow(
      expect.objectContaining({ code: 'MalformedXML' }),
    );
  });

  it('no input makes it hang or fail otherwise', () => {
    const pieces = fc.array(
      fc.constantFrom('<', '>', '/', 'a', ' ', '&', ';', '"', '=', '!--', '-->', '<a>', '</a>'),
    );
    fc.assert(
      fc.property(pieces, (tokens) => {
        try {
          parse(tokens.join(''));
        } catch (error) {
          expect(error).toMatchObject({ code: 'MalformedXML' });
        }
      }),
    );
  });
});
