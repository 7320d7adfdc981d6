/** Extension in lower case, without its dot → content type. */
export type ContentTypes = Readonly<Record<string, string>>;

/** What nobody can say more of. */
export const unknownContentType = 'application/octet-stream';

/**
 * What Windows fleets upload. Left out on purpose: what a browser would run (HTML, SVG, scripts, and XML, in which
 * all of them can stand). Whoever opens a link to such an object downloads it; a destination that serves pages names their types itself.
 */
export const knownContentTypes: ContentTypes = {
  '7z': 'application/x-7z-compressed',
  avi: 'video/x-msvideo',
  bmp: 'image/bmp',
  cab: 'application/vnd.ms-cab-compressed',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  gz: 'application/gzip',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  log: 'text/plain',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  txt: 'text/plain',
  wav: 'audio/wav',
  webp: 'image/webp',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  zip: 'application/zip',
};

/** The content type of a file by its name; what the destination says comes first. */
export const contentTypeOf = (name: string, own: ContentTypes): string => {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
  const of = (types: ContentTypes) => (Object.hasOwn(types, extension) ? types[extension] : undefined);
  return of(own) ?? of(knownContentTypes) ?? unknownContentType;
};
