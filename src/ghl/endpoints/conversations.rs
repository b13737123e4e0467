//! Conversations with contacts, their messages and recordings.

use crate::endpoint::{
    ANY, BOOLEAN, DATE, INTEGER, NUMBER, Outcome, Paging, RetryClass, TEXT, TIMESTAMP, action,
    either, list, list_of, object, one, one_of, suggested, trigger,
};

/// Kinds of messages.
const MESSAGE_TYPES: &[&str] = &[
    "TYPE_CALL",
    "TYPE_SMS",
    "TYPE_RCS",
    "TYPE_EMAIL",
    "TYPE_SMS_REVIEW_REQUEST",
    "TYPE_WEBCHAT",
    "TYPE_SMS_NO_SHOW_REQUEST",
    "TYPE_CAMPAIGN_SMS",
    "TYPE_CAMPAIGN_CALL",
    "TYPE_CAMPAIGN_EMAIL",
    "TYPE_CAMPAIGN_VOICEMAIL",
    "TYPE_FACEBOOK",
    "TYPE_CAMPAIGN_FACEBOOK",
    "TYPE_CAMPAIGN_MANUAL_CALL",
    "TYPE_CAMPAIGN_MANUAL_SMS",
    "TYPE_GMB",
    "TYPE_CAMPAIGN_GMB",
    "TYPE_REVIEW",
    "TYPE_INSTAGRAM",
    "TYPE_WHATSAPP",
    "TYPE_CUSTOM_SMS",
    "TYPE_CUSTOM_EMAIL",
    "TYPE_CUSTOM_PROVIDER_SMS",
    "TYPE_CUSTOM_PROVIDER_EMAIL",
    "TYPE_IVR_CALL",
    "TYPE_ACTIVITY_CONTACT",
    "TYPE_ACTIVITY_INVOICE",
    "TYPE_ACTIVITY_PAYMENT",
    "TYPE_ACTIVITY_OPPORTUNITY",
    "TYPE_LIVE_CHAT",
    "TYPE_LIVE_CHAT_INFO_MESSAGE",
    "TYPE_ACTIVITY_APPOINTMENT",
    "TYPE_FACEBOOK_COMMENT",
    "TYPE_INSTAGRAM_COMMENT",
    "TYPE_CUSTOM_CALL",
    "TYPE_INTERNAL_COMMENT",
    "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG",
    "TYPE_TIKTOK",
    "TYPE_TIKTOK_COMMENT",
    "TYPE_ACTIVITY_WHATSAPP",
    "TYPE_FORM_SUBMISSION",
    "TYPE_SMS_REACTION",
];

crate::models! {
    /// All messages with a contact.
    CONVERSATION "Conversation" {
        /// Id.
        required "id": TEXT,
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// Text of the last message.
        optional "lastMessageBody": TEXT.nullable(),
        /// Kind of the last message.
        optional "lastMessageType": suggested(MESSAGE_TYPES).nullable(),
        /// Kind of conversation.
        optional "type": ANY,
        /// How many messages are unread.
        optional "unreadCount": INTEGER.nullable(),
        /// First and last name of the contact.
        optional "fullName": TEXT.nullable(),
        /// Name of the contact.
        optional "contactName": TEXT.nullable(),
        /// E-mail address of the contact.
        optional "email": TEXT.nullable(),
        /// Phone of the contact.
        optional "phone": TEXT.nullable(),
        /// The user it is assigned to.
        optional "assignedTo": TEXT.nullable(),
        /// Whether it is in the inbox.
        optional "inbox": BOOLEAN.nullable(),
        /// Whether it is starred.
        optional "starred": BOOLEAN.nullable(),
        /// Whether it was deleted.
        optional "deleted": BOOLEAN.nullable(),
        /// When it was made.
        optional "dateAdded": ANY,
        /// When it was last changed.
        optional "dateUpdated": ANY,
        /// When the last message came, in milliseconds since 1970.
        optional "lastMessageDate": NUMBER.nullable(),
        /// Sort value.
        optional "sort": list(&ANY),
    }

    /// A message of any kind.
    MESSAGE "Message" {
        /// Id.
        required "id": TEXT,
        /// Kind.
        optional "type": NUMBER.nullable(),
        /// Kind of message.
        optional "messageType": suggested(MESSAGE_TYPES).nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// The conversation it belongs to.
        optional "conversationId": TEXT.nullable(),
        /// When it was sent.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// The text.
        optional "body": TEXT.nullable(),
        /// From or to the contact.
        optional "direction": suggested(&["inbound", "outbound"]).nullable(),
        /// How it stands.
        optional "status": suggested(&["connected", "delivered", "failed", "opened", "pending", "read", "scheduled", "sent", "undelivered", "clicked", "opt_out", "queued"]).nullable(),
        /// Media type of the text.
        optional "contentType": TEXT.nullable(),
        /// Addresses of the attached files.
        optional "attachments": list(&TEXT),
        /// More about calls and e-mails.
        optional "meta": object(&MESSAGE_META).nullable(),
        /// Where it came from.
        optional "source": suggested(&["workflow", "bulk_actions", "campaign", "api", "app"]).nullable(),
        /// The user who sent it.
        optional "userId": TEXT.nullable(),
        /// The app that carried it.
        optional "conversationProviderId": TEXT.nullable(),
        /// The chat window it came from.
        optional "chatWidgetId": TEXT.nullable(),
    }

    /// More about calls and e-mails.
    MESSAGE_META "MessageMeta" {
        /// Length of the call in seconds.
        optional "callDuration": TEXT.nullable(),
        /// How the call ended.
        optional "callStatus": suggested(&["pending", "completed", "answered", "busy", "no-answer", "failed", "canceled", "voicemail"]).nullable(),
        /// Ids of the e-mails of the thread, in `messageIds`.
        optional "email": ANY,
    }

    /// An e-mail.
    EMAIL_MESSAGE "Email" {
        /// Id.
        required "id": TEXT,
        /// Id at the e-mail service.
        optional "altId": TEXT.nullable(),
        /// The e-mail thread it belongs to.
        optional "threadId": TEXT.nullable(),
        /// The location it belongs to.
        optional "locationId": TEXT.nullable(),
        /// The contact it is with.
        optional "contactId": TEXT.nullable(),
        /// The conversation it belongs to.
        optional "conversationId": TEXT.nullable(),
        /// When it was sent.
        optional "dateAdded": TIMESTAMP.nullable(),
        /// Subject of the e-mail.
        optional "subject": TEXT.nullable(),
        /// The text.
        optional "body": TEXT.nullable(),
        /// From or to the contact.
        optional "direction": suggested(&["inbound", "outbound"]).nullable(),
        /// How it stands.
        optional "status": suggested(&["pending", "scheduled", "sent", "delivered", "read", "undelivered", "connected", "failed", "opened"]).nullable(),
        /// Media type of the text.
        optional "contentType": TEXT.nullable(),
        /// Addresses of the attached files.
        optional "attachments": list(&TEXT),
        /// Service that carried it.
        optional "provider": TEXT.nullable(),
        /// Sender.
        optional "from": TEXT.nullable(),
        /// Recipients.
        optional "to": list(&TEXT),
        /// Recipients of copies.
        optional "cc": list(&TEXT),
        /// Recipients of hidden copies.
        optional "bcc": list(&TEXT),
        /// The message it answers.
        optional "replyToMessageId": TEXT.nullable(),
        /// Where it came from.
        optional "source": suggested(&["workflow", "bulk_actions", "campaign", "api", "app"]).nullable(),
        /// The app that carried it.
        optional "conversationProviderId": TEXT.nullable(),
    }

    /// A sentence of a call.
    MESSAGE_TRANSCRIPTION "MessageTranscription" {
        /// Channel of the recording: which of the two spoke.
        optional "mediaChannel": INTEGER.nullable(),
        /// Place of the sentence.
        optional "sentenceIndex": INTEGER.nullable(),
        /// Start of the sentence, in seconds from the start of the call.
        optional "startTime": NUMBER.nullable(),
        /// End of the sentence, in seconds from the start of the call.
        optional "endTime": NUMBER.nullable(),
        /// What was said.
        optional "transcript": TEXT.nullable(),
        /// How sure the transcription is, 0 to 1.
        optional "confidence": NUMBER.nullable(),
    }

    /// How a message stands. Only the app that carried it may say so.
    MESSAGE_STATUS_UPDATE "MessageStatusUpdate" {
        /// How it stands.
        required "status": one_of(&["delivered", "failed", "pending", "read"]),
        /// What went wrong.
        optional "error": object(&MESSAGE_ERROR),
        /// Id of the e-mail, where one message has several.
        optional "emailMessageId": TEXT,
        /// Those whose status it is.
        optional "recipients": list(&TEXT),
    }

    /// What went wrong.
    MESSAGE_ERROR "MessageError" {
        /// Code of the error.
        required "code": TEXT,
        /// Kind of error.
        required "type": TEXT,
        /// What went wrong, in words.
        required "message": TEXT,
    }

    /// What became of a message.
    MESSAGE_STATUS_RESULT "MessageStatusResult" {
        /// The conversation it belongs to.
        optional "conversationId": TEXT.nullable(),
        /// Id of the e-mail.
        optional "emailMessageId": TEXT.nullable(),
        /// Id of the message.
        optional "messageId": TEXT.nullable(),
        /// Ids of the messages.
        optional "messageIds": list(&TEXT),
        /// What was done, in words.
        optional "msg": TEXT.nullable(),
        /// What was forwarded.
        optional "forwardData": object(&MESSAGE_FORWARD).nullable(),
        /// How it stands.
        optional "status": suggested(&["delivered", "failed", "pending", "read"]).nullable(),
    }

    /// What was forwarded.
    MESSAGE_FORWARD "MessageForward" {
        /// Whether the whole thread was forwarded.
        optional "forwardWholeThread": BOOLEAN.nullable(),
        /// Id of the message.
        optional "messageId": TEXT.nullable(),
        /// Id of the e-mail.
        optional "emailMessageId": TEXT.nullable(),
        /// The contact it came from.
        optional "sourceContactId": TEXT.nullable(),
        /// The conversation it came from.
        optional "sourceConversationId": TEXT.nullable(),
        /// E-mail address it was forwarded to.
        optional "forwardToEmail": TEXT.nullable(),
        /// The contact it was forwarded to.
        optional "recipientContactId": TEXT.nullable(),
        /// The conversation it was forwarded to.
        optional "recipientConversationId": TEXT.nullable(),
    }

    /// Whether someone is typing in a live chat.
    TYPING "Typing" {
        /// The location; the connector's own when left out.
        required "locationId": TEXT,
        /// `true` or `false`, as text.
        required "isTyping": TEXT,
        /// The visitor of the chat.
        required "visitorId": TEXT,
        /// The conversation.
        required "conversationId": TEXT,
    }
}

crate::endpoints! {
    /// Conversations.
    CONVERSATIONS: Ghl "conversations";

    /// Finds conversations.
    "search": GET "/conversations/search" {
        version: "2021-04-15",
        scopes: &["conversations.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Only the one of this contact.
            optional "contactId": TEXT,
            /// Only those assigned to these users, separated by commas.
            optional "assignedTo": TEXT,
            /// Only those that these users follow, separated by commas.
            optional "followers": TEXT,
            /// Only those that mention these users, separated by commas.
            optional "mentions": TEXT,
            /// Text to search for.
            optional "query": TEXT,
            /// Ascending or descending.
            optional "sort": one_of(&["asc", "desc"]),
            /// Cursor: sort value of the last one before, in milliseconds since 1970.
            optional "startAfterDate": ANY,
            /// Only the one with this id.
            optional "id": TEXT,
            /// Conversations a page, at most 100; 20 when left out.
            optional "limit": INTEGER.at_most(100),
            /// Only those whose last message is of this kind.
            optional "lastMessageType": one_of(MESSAGE_TYPES),
            /// Only those whose last message was sent so.
            optional "lastMessageAction": one_of(&["automated", "manual"]),
            /// Only those whose last message went this way.
            optional "lastMessageDirection": one_of(&["inbound", "outbound"]),
            /// Only those with this status.
            optional "status": one_of(&["all", "read", "unread", "starred", "recents"]),
            /// What to sort by.
            optional "sortBy": one_of(&["last_manual_message_date", "last_message_date", "score_profile", "overdue_at", "due_at"]),
            /// The score to sort by.
            optional "sortScoreProfile": TEXT,
            /// The score to filter by.
            optional "scoreProfile": TEXT,
            /// Lowest score.
            optional "scoreProfileMin": NUMBER,
            /// Highest score.
            optional "scoreProfileMax": NUMBER,
            /// From, in milliseconds since 1970.
            optional "startDate": INTEGER,
            /// Until, in milliseconds since 1970.
            optional "endDate": INTEGER,
        ],
        result: list_of("conversations", object(&CONVERSATION)),
        paging: Paging::StartAfterDate,
        catalogue: &[trigger("Conversations & Messages", "Search Conversations")],
    }

    /// Reads one conversation.
    "get": GET "/conversations/{conversationId}" {
        version: "2021-04-15",
        scopes: &["conversations.readonly"],
        result: one("", object(&CONVERSATION)),
        catalogue: &[trigger("Conversations & Messages", "Get Conversation")],
    }

    /// Shows or hides that someone is typing in a live chat.
    "setTyping": POST "/conversations/providers/live-chat/typing" {
        version: "2021-04-15",
        scopes: &["conversations/livechat.write"],
        body: Some(&TYPING),
        result: Outcome::Nothing,
        retry: RetryClass::Repeatable,
        catalogue: &[action("Conversations & Messages", "Agent Typing Indicator")],
    }
}

crate::endpoints! {
    /// Messages.
    MESSAGES: Ghl "messages";

    /// Lists the messages of a conversation, newest first.
    "list": GET "/conversations/{conversationId}/messages" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        query: crate::fields![
            /// Cursor: id of the last message before.
            optional "lastMessageId": TEXT,
            /// Messages a page; 20 when left out.
            optional "limit": INTEGER,
            /// Only messages of this kind.
            optional "type": one_of(&["TYPE_CALL", "TYPE_SMS", "TYPE_RCS", "TYPE_EMAIL", "TYPE_FACEBOOK", "TYPE_GMB", "TYPE_INSTAGRAM", "TYPE_WHATSAPP", "TYPE_ACTIVITY_APPOINTMENT", "TYPE_ACTIVITY_CONTACT", "TYPE_ACTIVITY_INVOICE", "TYPE_ACTIVITY_PAYMENT", "TYPE_ACTIVITY_OPPORTUNITY", "TYPE_LIVE_CHAT", "TYPE_INTERNAL_COMMENTS", "TYPE_ACTIVITY_EMPLOYEE_ACTION_LOG", "TYPE_TIKTOK", "TYPE_ACTIVITY_WHATSAPP", "TYPE_FORM_SUBMISSION"]),
        ],
        result: list_of("messages.messages", object(&MESSAGE)),
        paging: Paging::LastMessage,
        catalogue: &[trigger("Conversations & Messages", "Get Messages by Conversation")],
    }

    /// Lists the messages of a location, or of a contact or conversation.
    "export": GET "/conversations/messages/export" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        query: crate::fields![
            /// The location; the connector's own when left out.
            required "locationId": TEXT,
            /// Messages a page, 10 to 500; 100 when left out.
            optional "limit": INTEGER.between(10, 500),
            /// Cursor: `nextCursor` of the page before.
            optional "cursor": TEXT,
            /// What to sort by.
            optional "sortBy": one_of(&["createdAt", "updatedAt"]),
            /// Ascending or descending.
            optional "sortOrder": one_of(&["asc", "desc"]),
            /// Only those of this conversation.
            optional "conversationId": TEXT,
            /// Only those of this contact.
            optional "contactId": TEXT,
            /// Only those sent so.
            optional "channel": one_of(&["Call", "SMS", "Email", "WhatsApp", "Instagram", "Facebook"]),
            /// From, ISO 8601.
            optional "startDate": DATE,
            /// Until, ISO 8601.
            optional "endDate": DATE,
        ],
        result: list_of("messages", object(&MESSAGE)),
        paging: Paging::NextCursor,
    }

    /// Reads one message.
    "get": GET "/conversations/messages/{id}" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        result: one("", object(&MESSAGE)),
        catalogue: &[trigger("Conversations & Messages", "Get Message by ID")],
    }

    /// Reads one e-mail.
    "getEmail": GET "/conversations/messages/email/{id}" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        result: one("", object(&EMAIL_MESSAGE)),
        catalogue: &[trigger("Conversations & Messages", "Get Email by ID")],
    }

    /// Reads the recording of a call, as audio.
    "getRecording": GET "/conversations/messages/{messageId}/locations/{locationId}/recording" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        result: Outcome::Bytes,
        catalogue: &[trigger("Conversations & Messages", "Get Message Recording")],
    }

    /// Reads what was said in a call, sentence by sentence.
    "getTranscription": GET "/conversations/locations/{locationId}/messages/{messageId}/transcription" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        result: one("", either(const { &[object(&MESSAGE_TRANSCRIPTION), list(&const { object(&MESSAGE_TRANSCRIPTION) })] })),
        catalogue: &[trigger("Conversations & Messages", "Get Message Transcription")],
    }

    /// Reads what was said in a call, as a text file.
    "downloadTranscription": GET "/conversations/locations/{locationId}/messages/{messageId}/transcription/download" {
        version: "2021-04-15",
        scopes: &["conversations/message.readonly"],
        result: Outcome::Bytes,
        catalogue: &[trigger("Conversations & Messages", "Download Transcription")],
    }

    /// Says how a message stands.
    "updateStatus": PUT "/conversations/messages/{messageId}/status" {
        version: "2021-04-15",
        scopes: &["conversations/message.write"],
        body: Some(&MESSAGE_STATUS_UPDATE),
        result: one("", object(&MESSAGE_STATUS_RESULT)),
        catalogue: &[action("Conversations & Messages", "Update Message Status")],
    }
}
