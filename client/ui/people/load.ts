// The list is loaded when it is first opened: a call begins without it.

export async function loadParticipantsPanel() {
  return (await import('./participants-panel.tsx')).ParticipantsPanel;
}
