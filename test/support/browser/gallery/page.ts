// Runs in the page: the page of a call, with a call that a test controls.
import { createElement, render } from 'preact';
import { CallPage } from '../../../../client/ui/call/call-page.tsx';
import { Announcer } from '../../../../client/ui/kit/announcer.tsx';
import { RoomSession } from '../../../../client/ui/room/session.ts';
import '../../../../client/ui/styles/base.css';
import '../../../../client/ui/styles/controls.css';
import { FakeCall, type GalleryOptions } from './fake-call.ts';

declare global {
  interface Window {
    galleryOptions: GalleryOptions;
    gallery: FakeCall;
  }
}

const root = document.body.appendChild(document.createElement('div'));
const call = new FakeCall(window.galleryOptions);
const session = new RoomSession('hall', false, async () => () => {});
session.phase.value = { page: 'call', call };
window.gallery = call;
render([createElement(CallPage, { session, call }), createElement(Announcer, {})], root);
