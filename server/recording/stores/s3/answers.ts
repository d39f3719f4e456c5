// What the store answers, from XML to values. Pure.
import * as v from 'valibot';
import type { StoredObject } from '../store.ts';
import { childrenOf, readXml, textOf, type XmlElement } from './xml.ts';

const Bytes = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
const Time = v.pipe(
  v.string(),
  v.transform((text) => Date.parse(text)),
  v.number(),
  v.check((at) => !Number.isNaN(at), 'it is no time'),
);
const Text = v.pipe(v.string(), v.minLength(1));

const Entry = v.object({ Key: Text, Size: Bytes, LastModified: Time });
const Upload = v.object({ Key: Text, UploadId: Text, Initiated: Time });
const Part = v.object({ PartNumber: Bytes, Size: Bytes, ETag: Text });

export interface UploadInfo {
  key: string;
  uploadId: string;
  startedAt: number;
}

export interface PartInfo {
  number: number;
  bytes: number;
  etag: string;
}

export interface Page<T> {
  items: T[];
  /** The query for the next page. */
  next: Record<string, string> | undefined;
}

/** @throws Error for anything else than a whole answer of this kind */
export function readListing(xml: string): Page<StoredObject> {
  const root = rootOf(xml, 'ListBucketResult');
  const items = childrenOf(root, 'Contents').map((each) => {
    const { Key, Size, LastModified } = v.parse(Entry, fields(each, 'Key', 'Size', 'LastModified'));
    return { key: Key, bytes: Size, modifiedAt: LastModified };
  });
  const token = textOf(root, 'NextContinuationToken');
  const isCut = textOf(root, 'IsTruncated') === 'true';
  if (isCut && token === undefined) throw new Error('the listing goes on, but does not say where');
  return { items, next: isCut ? { 'continuation-token': token ?? '' } : undefined };
}

/** @throws Error */
export function readUploads(xml: string): Page<UploadInfo> {
  const root = rootOf(xml, 'ListMultipartUploadsResult');
  const items = childrenOf(root, 'Upload').map((each) => {
    const { Key, UploadId, Initiated } = v.parse(
      Upload,
      fields(each, 'Key', 'UploadId', 'Initiated'),
    );
    return { key: Key, uploadId: UploadId, startedAt: Initiated };
  });
  const key = textOf(root, 'NextKeyMarker') ?? '';
  const upload = textOf(root, 'NextUploadIdMarker') ?? '';
  const isCut = textOf(root, 'IsTruncated') === 'true' && key !== '';
  const next = { 'key-marker': key, ...(upload !== '' && { 'upload-id-marker': upload }) };
  return { items, next: isCut ? next : undefined };
}

/** @throws Error */
export function readParts(xml: string): Page<PartInfo> {
  const root = rootOf(xml, 'ListPartsResult');
  const items = childrenOf(root, 'Part').map((each) => {
    const { PartNumber, Size, ETag } = v.parse(Part, fields(each, 'PartNumber', 'Size', 'ETag'));
    return { number: PartNumber, bytes: Size, etag: plainEtag(ETag) };
  });
  const marker = textOf(root, 'NextPartNumberMarker') ?? '';
  const isCut = textOf(root, 'IsTruncated') === 'true' && marker !== '' && items.length > 0;
  return { items, next: isCut ? { 'part-number-marker': marker } : undefined };
}

/** @throws Error */
export function readUploadId(xml: string): string {
  return v.parse(Text, textOf(rootOf(xml, 'InitiateMultipartUploadResult'), 'UploadId'));
}

/** The ETag of an answer that may be an error after all: a 200 is sent before the work is done. */
export function readDone(
  xml: string,
  name: 'CompleteMultipartUploadResult' | 'CopyPartResult',
): { etag: string } | { refusal: Refusal } {
  const root = readXml(xml);
  if (root.name === 'Error') return { refusal: refusalOf(root) };
  return { etag: plainEtag(v.parse(Text, textOf(rootOf(xml, name), 'ETag'))) };
}

/** The keys that were not deleted. @throws Error */
export function readDeleted(xml: string): { key: string; refusal: Refusal }[] {
  return childrenOf(rootOf(xml, 'DeleteResult'), 'Error').map((each) => ({
    key: textOf(each, 'Key') ?? '',
    refusal: refusalOf(each),
  }));
}

export interface Refusal {
  /** S3's word: `NoSuchBucket`, `SlowDown`. '' when it said none. */
  code: string;
  message: string;
  region?: string;
}

/** The body of an error may be anything: a proxy in front of the store answers in HTML. */
export function readRefusal(body: string): Refusal {
  try {
    return refusalOf(readXml(body));
  } catch {
    return { code: '', message: '' };
  }
}

function refusalOf(element: XmlElement): Refusal {
  const region = textOf(element, 'Region');
  return {
    code: textOf(element, 'Code') ?? '',
    message: textOf(element, 'Message') ?? '',
    ...(region !== undefined && { region }),
  };
}

/** Without quotes, in lower case. */
export function plainEtag(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '').toLowerCase();
}

function rootOf(xml: string, name: string): XmlElement {
  const root = readXml(xml);
  if (root.name !== name) throw new Error(`the answer is ${root.name}, not ${name}`);
  return root;
}

function fields(element: XmlElement, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, textOf(element, name)]));
}
