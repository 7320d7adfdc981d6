import { element, type XmlElement } from '../xml-writer.ts';

/** The one account of this server. */
export function owner(name: 'Owner' | 'Initiator'): XmlElement {
  return element(name, [element('ID', 'embedded'), element('DisplayName', 'embedded')]);
}
