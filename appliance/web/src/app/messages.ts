/* SPDX-License-Identifier: MIT */
import type { Language } from './language';

/* Every word the page says, in every language it speaks: a missing language
 * does not compile. "{name}" is filled in; "one|other" is chosen by {n}.
 * \u00a0 and \u202f are the spaces French wants before : and ; ! ? */
export const messages = {
  'app.name': { en: 'Appliance', fr: 'Appliance' },
  'app.skip': { en: 'Skip to the content', fr: 'Aller au contenu' },
  'app.crashed': {
    en: 'This page stopped working',
    fr: 'Cette page s’est arrêtée',
  },
  'app.crashedText': {
    en: 'That is our mistake. Nothing you saved is lost.',
    fr: 'C’est une erreur de notre part. Rien de ce que vous avez enregistré n’est perdu.',
  },
  'app.reload': { en: 'Load it again', fr: 'La recharger' },
  toasts: { en: 'Messages', fr: 'Messages' },

  'nav.label': { en: 'Main', fr: 'Principale' },
  'nav.home': { en: 'Home', fr: 'Accueil' },
  'nav.users': { en: 'Users', fr: 'Utilisateurs' },
  'nav.status': { en: 'Status', fr: 'État' },
  'nav.docs': { en: 'API', fr: 'API' },

  'prefs.title': { en: 'Preferences', fr: 'Préférences' },
  'prefs.language': { en: 'Language', fr: 'Langue' },
  'prefs.theme': { en: 'Appearance', fr: 'Apparence' },
  'theme.light': { en: 'Light', fr: 'Clair' },
  'theme.system': { en: 'As the system', fr: 'Comme le système' },
  'theme.dark': { en: 'Dark', fr: 'Sombre' },

  'act.save': { en: 'Save', fr: 'Enregistrer' },
  'act.cancel': { en: 'Cancel', fr: 'Annuler' },
  'act.close': { en: 'Close', fr: 'Fermer' },
  'act.retry': { en: 'Try again', fr: 'Réessayer' },
  'act.refresh': { en: 'Refresh', fr: 'Actualiser' },
  'act.copy': { en: 'Copy', fr: 'Copier' },

  'field.optional': { en: 'optional', fr: 'facultatif' },
  'field.none': { en: 'None', fr: 'Aucun' },
  'field.required': {
    en: 'This must be filled in.',
    fr: 'Ce champ est obligatoire.',
  },
  'field.email': {
    en: 'This does not look like an email address.',
    fr: 'Ceci ne ressemble pas à une adresse e-mail.',
  },
  'field.tooLong': {
    en: 'At most {max} characters.',
    fr: '{max} caractères au plus.',
  },
  'field.bytes': {
    en: 'At most {max} bytes.',
    fr: '{max} octets au plus.',
  },
  'field.refused': {
    en: 'The server did not accept this value.',
    fr: 'Le serveur n’a pas accepté cette valeur.',
  },
  'field.taken': { en: 'This is already in use.', fr: 'Déjà utilisé.' },

  'conflict.title': {
    en: 'Someone else changed this meanwhile',
    fr: 'Quelqu’un d’autre l’a modifié entre-temps',
  },
  'conflict.some': {
    en: 'Where you both changed a value, the newer one is shown below yours. Saving now keeps yours.',
    fr: 'Là où vous avez tous deux changé une valeur, la plus récente est affichée sous la vôtre. Enregistrer maintenant garde la vôtre.',
  },
  'conflict.none': {
    en: 'The newer values have been filled in beside your own changes. Check, then save.',
    fr: 'Les nouvelles valeurs ont été reprises à côté de vos modifications. Vérifiez, puis enregistrez.',
  },
  'conflict.theirs': { en: 'Now:', fr: 'Désormais\u00a0:' },
  'conflict.take': { en: 'Use this', fr: 'Utiliser celle-ci' },
  'conflict.takeAll': {
    en: 'Use the newer values',
    fr: 'Prendre les nouvelles valeurs',
  },

  'discard.title': {
    en: 'Discard your changes?',
    fr: 'Abandonner vos modifications\u202f?',
  },
  'discard.text': {
    en: 'What you entered has not been saved.',
    fr: 'Ce que vous avez saisi n’est pas enregistré.',
  },
  'discard.yes': { en: 'Discard', fr: 'Abandonner' },
  'discard.no': { en: 'Keep editing', fr: 'Continuer' },

  'table.actions': { en: 'Actions', fr: 'Actions' },
  'table.sortBy': { en: 'Sort by', fr: 'Trier par' },
  'table.ascending': { en: '{field}, ascending', fr: '{field}, croissant' },
  'table.descending': { en: '{field}, descending', fr: '{field}, décroissant' },
  pager: { en: 'Pages', fr: 'Pages' },
  'pager.perPage': { en: 'Per page', fr: 'Par page' },
  'pager.range': {
    en: '{first}–{last} of {total}',
    fr: '{first}–{last} sur {total}',
  },
  'pager.page': { en: 'Page {page} of {total}', fr: 'Page {page} sur {total}' },
  'pager.previous': { en: 'Previous page', fr: 'Page précédente' },
  'pager.next': { en: 'Next page', fr: 'Page suivante' },

  'home.title': { en: 'Welcome', fr: 'Bienvenue' },
  'home.collections': { en: 'Collections', fr: 'Collections' },
  'home.collectionsText': {
    en: 'What this instance holds, counted just now.',
    fr: 'Ce que contient cette instance, compté à l’instant.',
  },
  'home.records': { en: 'record|records', fr: 'fiche|fiches' },
  'home.healthy': { en: 'Everything is running', fr: 'Tout fonctionne' },
  'home.unhealthy': {
    en: 'Something needs attention',
    fr: 'Quelque chose demande votre attention',
  },
  'home.checking': { en: 'Checking…', fr: 'Vérification…' },
  'home.healthyText': {
    en: 'The appliance and what stands behind it answer normally.',
    fr: 'L’appliance et ce qui se trouve derrière elle répondent normalement.',
  },
  'home.details': { en: 'See the status', fr: 'Voir l’état' },
  'home.locked': { en: 'Sign in first', fr: 'Connectez-vous d’abord' },
  'home.unknown': { en: 'Could not be counted', fr: 'N’a pas pu être compté' },
  'home.empty': {
    en: 'This instance serves none of the built-in collections.',
    fr: 'Cette instance ne sert aucune des collections intégrées.',
  },

  'collection.users': { en: 'Users', fr: 'Utilisateurs' },
  'collection.personnel': { en: 'Personnel', fr: 'Personnel' },
  'collection.absences': { en: 'Absences', fr: 'Absences' },
  'collection.evaluations': { en: 'Evaluations', fr: 'Évaluations' },
  'collection.documents': { en: 'Documents', fr: 'Documents' },
  'collection.activities': { en: 'Activities', fr: 'Activités' },
  'collection.settings': { en: 'Settings', fr: 'Paramètres' },
  'collection.files': { en: 'Files', fr: 'Fichiers' },

  'users.title': { en: 'Users', fr: 'Utilisateurs' },
  'users.lead': {
    en: 'The accounts of this instance.',
    fr: 'Les comptes de cette instance.',
  },
  'users.count': {
    en: '{n} account|{n} accounts',
    fr: '{n} compte|{n} comptes',
  },
  'users.addShort': { en: 'Add user', fr: 'Ajouter' },
  'users.add': { en: 'Add user', fr: 'Ajouter un utilisateur' },
  'users.edit': { en: 'Change user', fr: 'Modifier l’utilisateur' },
  'users.editOne': { en: 'Change {name}', fr: 'Modifier {name}' },
  'users.deleteOne': { en: 'Delete {name}', fr: 'Supprimer {name}' },
  'users.name': { en: 'Name', fr: 'Nom' },
  'users.email': { en: 'Email', fr: 'E-mail' },
  'users.role': { en: 'Role', fr: 'Rôle' },
  'users.password': { en: 'Password', fr: 'Mot de passe' },
  'users.passwordHint': {
    en: '8 to 72 bytes. Changing it signs the account out everywhere.',
    fr: 'De 8 à 72 octets. En changer déconnecte le compte partout.',
  },
  'users.active': { en: 'Account', fr: 'Compte' },
  'users.isActive': { en: 'Active', fr: 'Actif' },
  'users.isInactive': { en: 'Inactive', fr: 'Inactif' },
  'users.created': { en: 'Created', fr: 'Créé' },
  'users.none': { en: 'No users yet', fr: 'Aucun utilisateur pour l’instant' },
  'users.noneText': {
    en: 'Add the first one: a name and an email address are enough.',
    fr: 'Ajoutez le premier\u00a0: un nom et une adresse e-mail suffisent.',
  },
  'users.added': { en: '{name} was added.', fr: '{name} a été ajouté.' },
  'users.saved': {
    en: 'The changes to {name} were saved.',
    fr: 'Les modifications de {name} ont été enregistrées.',
  },
  'users.deleted': { en: '{name} was deleted.', fr: '{name} a été supprimé.' },
  'users.alreadyDeleted': {
    en: '{name} had already been deleted.',
    fr: '{name} avait déjà été supprimé.',
  },
  'users.deleteTitle': {
    en: 'Delete {name}?',
    fr: 'Supprimer {name}\u202f?',
  },
  'users.deleteText': {
    en: 'The account {email} will be deleted. You cannot undo this here.',
    fr: 'Le compte {email} sera supprimé. Vous ne pourrez pas l’annuler ici.',
  },
  'users.deleteYes': { en: 'Delete user', fr: 'Supprimer l’utilisateur' },
  'role.admin': { en: 'Administrator', fr: 'Administrateur' },
  'role.manager': { en: 'Manager', fr: 'Responsable' },
  'role.user': { en: 'User', fr: 'Utilisateur' },

  'status.title': { en: 'Status', fr: 'État' },
  'status.healthy': {
    en: 'Everything is running',
    fr: 'Tout est en marche',
  },
  'status.unhealthy': {
    en: 'Something is not running',
    fr: 'Quelque chose ne marche pas',
  },
  'status.updated': { en: 'Updated {when}', fr: 'Mis à jour {when}' },
  'status.stale': {
    en: 'What you see below is from {time}. We keep trying.',
    fr: 'Ce qui suit date de {time}. Nous continuons d’essayer.',
  },
  'status.every': {
    en: 'Refreshes every {time} while in sight',
    fr: 'S’actualise toutes les {time} tant que la page est visible',
  },
  'status.backends': { en: 'Backends', fr: 'Services' },
  'status.up': { en: 'Running', fr: 'En marche' },
  'status.down': { en: 'Not answering', fr: 'Ne répond pas' },
  'status.latency': { en: 'Answer time', fr: 'Temps de réponse' },
  'status.trend': {
    en: 'Answer time since this page was opened',
    fr: 'Temps de réponse depuis l’ouverture de cette page',
  },
  'backend.store': { en: 'Store', fr: 'Stockage' },
  'backend.cache': { en: 'Cache', fr: 'Cache' },
  'kind.memory': { en: 'In-process memory', fr: 'Mémoire du processus' },
  'status.traffic': { en: 'Traffic and cache', fr: 'Trafic et cache' },
  'status.requests': { en: 'Requests', fr: 'Requêtes' },
  'status.requestsText': { en: 'since start', fr: 'depuis le démarrage' },
  'status.perSecond': { en: '{rate} per second', fr: '{rate} par seconde' },
  'status.inFlight': { en: 'In progress', fr: 'En cours' },
  'status.inFlightText': { en: 'right now', fr: 'en ce moment' },
  'status.hitRate': { en: 'Cache hit rate', fr: 'Taux de succès du cache' },
  'status.hits': {
    en: '{hits} of {total} lookups',
    fr: '{hits} lectures sur {total}',
  },
  'status.noLookups': { en: 'no lookups yet', fr: 'aucune lecture' },
  'status.cached': { en: 'In the cache', fr: 'Dans le cache' },
  'status.entries': {
    en: '{n} entry|{n} entries',
    fr: '{n} entrée|{n} entrées',
  },
  'status.instance': { en: 'This instance', fr: 'Cette instance' },
  'status.version': { en: 'Version', fr: 'Version' },
  'status.commit': { en: 'Commit', fr: 'Commit' },
  'status.started': { en: 'Started', fr: 'Démarrée' },
  'status.uptime': { en: 'Running for', fr: 'En marche depuis' },
  'status.name': { en: 'Name', fr: 'Nom' },
  'status.copied': { en: 'Copied.', fr: 'Copié.' },

  'docs.title': { en: 'The API', fr: 'L’API' },
  'docs.lead': {
    en: 'What this instance serves, and what you may do with it.',
    fr: 'Ce que sert cette instance, et ce que vous pouvez en faire.',
  },
  'docs.required': { en: 'required', fr: 'obligatoire' },
  'docs.readOnly': { en: 'read only', fr: 'en lecture seule' },
  'docs.writeOnly': { en: 'write only', fr: 'en écriture seule' },
  'docs.header': { en: 'header', fr: 'en-tête' },
  'docs.locked': { en: 'Needs a sign-in', fr: 'Demande une connexion' },
  'docs.inside': { en: 'What is in it', fr: 'Ce qu’il contient' },
  'docs.parameters': { en: 'Parameters', fr: 'Paramètres' },
  'docs.body': { en: 'Body', fr: 'Corps' },
  'docs.example': { en: 'Example', fr: 'Exemple' },
  'docs.answers': { en: 'Answers', fr: 'Réponses' },
  'docs.answer': { en: 'Answer', fr: 'Réponse' },
  'docs.try': { en: 'Try it', fr: 'Essayer' },
  'docs.send': { en: 'Send', fr: 'Envoyer' },

  'signIn.title': { en: 'Sign in again', fr: 'Reconnectez-vous' },
  'signIn.ended': {
    en: 'Your session has ended. What you were doing goes on when you have signed in.',
    fr: 'Votre session a pris fin. Vous reprendrez où vous en étiez une fois connecté.',
  },
  'signIn.password': { en: 'Password', fr: 'Mot de passe' },
  'signIn.act': { en: 'Sign in', fr: 'Se connecter' },
  'signIn.wrong': {
    en: 'This address and this password do not go together.',
    fr: 'Cette adresse et ce mot de passe ne vont pas ensemble.',
  },
  signOut: { en: 'Sign out', fr: 'Se déconnecter' },

  'trouble.offline': { en: 'You are offline', fr: 'Vous êtes hors ligne' },
  'trouble.offlineText': {
    en: 'This device has no network at the moment.',
    fr: 'Cet appareil n’a pas de réseau pour le moment.',
  },
  'trouble.unreachable': {
    en: 'The appliance cannot be reached',
    fr: 'L’appliance est injoignable',
  },
  'trouble.unreachableText': {
    en: 'It may be restarting, or the connection was cut.',
    fr: 'Elle redémarre peut-être, ou la connexion a été coupée.',
  },
  'trouble.timeout': {
    en: 'The answer takes too long',
    fr: 'La réponse se fait trop attendre',
  },
  'trouble.timeoutText': {
    en: 'We stopped waiting. What you asked for may still have been done: look before you try again.',
    fr: 'Nous avons cessé d’attendre. Votre demande a peut-être été exécutée\u00a0: vérifiez avant de réessayer.',
  },
  'trouble.unauthorized': {
    en: 'You are not signed in',
    fr: 'Vous n’êtes pas connecté',
  },
  'trouble.unauthorizedText': {
    en: 'Your session has ended, here or elsewhere.',
    fr: 'Votre session a pris fin, ici ou ailleurs.',
  },
  'trouble.forbidden': { en: 'This is not allowed', fr: 'Ce n’est pas permis' },
  'trouble.forbiddenText': {
    en: 'Your account may not do this. An administrator can.',
    fr: 'Votre compte ne le permet pas. Un administrateur le peut.',
  },
  'trouble.notFound': { en: 'It is not there', fr: 'Introuvable' },
  'trouble.notFoundText': {
    en: 'It may have been deleted meanwhile.',
    fr: 'Peut-être supprimé entre-temps.',
  },
  'trouble.changed': {
    en: 'It changed since you read it',
    fr: 'Modifié depuis votre lecture',
  },
  'trouble.changedText': {
    en: 'Load it again to see the newer values.',
    fr: 'Rechargez pour voir les nouvelles valeurs.',
  },
  'trouble.invalid': {
    en: 'The server did not accept this',
    fr: 'Le serveur a refusé cette demande',
  },
  'trouble.invalidText': {
    en: 'Check what you entered.',
    fr: 'Vérifiez ce que vous avez saisi.',
  },
  'trouble.tooMany': { en: 'Too many requests', fr: 'Trop de demandes' },
  'trouble.tooManyText': {
    en: 'Wait a moment, then try again.',
    fr: 'Patientez un instant, puis réessayez.',
  },
  'trouble.server': {
    en: 'The appliance is in trouble',
    fr: 'L’appliance a un problème',
  },
  'trouble.serverText': {
    en: 'It could not answer just now. Nothing wrong on your side.',
    fr: 'Elle n’a pas pu répondre. Rien d’anormal de votre côté.',
  },
  'trouble.unexpected': {
    en: 'An answer we do not understand',
    fr: 'Une réponse incompréhensible',
  },
  'trouble.unexpectedText': {
    en: 'Something between you and the appliance may have answered in its place. Loading the page again can help.',
    fr: 'Un intermédiaire a peut-être répondu à la place de l’appliance. Recharger la page peut aider.',
  },
  'trouble.wait': {
    en: 'Ready again in {time}.',
    fr: 'De nouveau disponible dans {time}.',
  },
  'trouble.details': { en: 'Details', fr: 'Détails' },
  'trouble.code': { en: 'Answer code', fr: 'Code de réponse' },
  'trouble.request': { en: 'Request', fr: 'Requête' },

  'missing.title': { en: 'There is nothing here', fr: 'Il n’y a rien ici' },
  'missing.text': {
    en: 'The address may be mistyped, or the page has moved.',
    fr: 'L’adresse est peut-être mal saisie, ou la page a été déplacée.',
  },
  'missing.back': { en: 'Back to the start', fr: 'Retour à l’accueil' },
} as const satisfies Record<string, Record<Language, string>>;

export type Key = keyof typeof messages;
