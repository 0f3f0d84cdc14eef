import type { Conversation } from '../api/types';
import type { App } from '../state/app';
import { icons } from './icons';
import type { MenuItem } from './menu';

/** What can be done with a conversation, wherever it is shown. */
export function conversationMenu(app: App, conversation: Conversation, rename: () => void): MenuItem[] {
  const { id, favourite } = conversation;
  return [
    { label: 'Rename', icon: icons.pencil, run: rename },
    {
      label: favourite ? 'No longer a favourite' : 'Favourite',
      icon: favourite ? icons.starred : icons.star,
      run: () => void app.setFavourite(conversation),
    },
    { label: 'Export as Markdown', icon: icons.download, run: () => void app.export('markdown', id) },
    { label: 'Export as JSON', icon: icons.download, run: () => void app.export('json', id) },
    { label: 'Delete', icon: icons.trash, danger: true, run: () => void app.remove(conversation) },
  ];
}
